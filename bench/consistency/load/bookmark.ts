/** A bookmark of the service, as clients may read it. */
export interface Bookmark {
  readonly text: string;
  /** Identifies the store and its generation. */
  readonly cluster: string;
  readonly revision: number;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** `v1:CLUSTER:REVISION:EPOCH:HEX`. Everything but the revision and the epoch is opaque to clients. */
const FORM = /^v1:([0-9a-f]+-[0-9a-f]+):(\d{1,16}):(\d{1,16}):[0-9a-f]+$/;

/** Undefined if the text is not a bookmark. */
export function parseBookmark(text: string): Bookmark | undefined {
  if (!BASE64.test(text)) return undefined;
  const [, cluster, revision] = FORM.exec(Buffer.from(text, "base64").toString()) ?? [];
  return cluster === undefined ? undefined : { text, cluster, revision: Number(revision) };
}

/** The newest bookmark that a client has received. */
export class NewestBookmark {
  #newest: Bookmark | undefined;

  get(): Bookmark | undefined {
    return this.#newest;
  }

  /** Keeps the bookmark if it is newer. */
  keep(bookmark: Bookmark): void {
    if (bookmark.revision > (this.#newest?.revision ?? -1)) this.#newest = bookmark;
  }
}
