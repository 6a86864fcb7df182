/** The target of a request as it was sent: nothing is decoded, resolved or folded. */
export interface Target {
  readonly path: string;
  /** Without its question mark; undefined if the URL has none. */
  readonly query: string | undefined;
}

/** Scheme and authority, then the path, then the query. The parts cannot overlap, so matching takes linear time. */
const URL_PARTS = /^[a-z]+:\/\/[^/?#]*(\/[^?#]*)?(?:\?([^#]*))?$/;

/**
 * Reads a request's target. Undefined for a URL that no request can have, such as one with a fragment.
 *
 * Does not use the URL class or a router's parser: they read `/v1/store/x/../secrets`, `/v1/store%2Fsecrets` or
 * `?%61ction=get` as another target than the one that was sent, and a proxy in front of the worker may read a third one.
 */
export function targetOf(url: string): Target | undefined {
  const parts = URL_PARTS.exec(url);
  return parts === null ? undefined : { path: parts[1] ?? "", query: parts[2] };
}

/** The path that Hono routes by. Its own `getPath` decodes, so that `/%68ealthz` would be a second name of `/healthz`. */
export function rawPath({ url }: Pick<Request, "url">): string {
  return targetOf(url)?.path ?? "";
}
