import type { Commit } from "./page-change.ts";

/** Everything but the contents of the pages. */
interface Head {
  readonly log: string;
  readonly sequence: number;
  readonly at: number;
  readonly pageSize: number;
  readonly pageCount: number;
  readonly pages: readonly number[];
}

const LENGTH_BYTES = 4;

/** A commit as bytes: the length of a JSON text, that text, and the pages that it names. */
export function encodeCommit({ log, sequence, at, change: { pageSize, pageCount, pages } }: Commit): Buffer {
  const head: Head = { log, sequence, at, pageSize, pageCount, pages: [...pages.keys()] };
  const json = Buffer.from(JSON.stringify(head));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(json.length);
  return Buffer.concat([length, json, ...pages.values()]);
}

/** Reads what `encodeCommit` writes. Ends at the end of `chunks`, also within a commit. */
export async function* decodeCommits(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Commit> {
  const iterator = chunks[Symbol.asyncIterator]();
  const take = takeFrom(iterator);
  try {
    for (;;) {
      const length = await take(LENGTH_BYTES);
      const json = await take(length?.readUInt32BE());
      if (json === undefined) return;
      const { pageSize, pageCount, pages: numbers, ...position }: Head = JSON.parse(json.toString());
      const contents = await take(pageSize * numbers.length);
      if (contents === undefined) return;
      const page = (index: number): Buffer => contents.subarray(index * pageSize, (index + 1) * pageSize);
      const pages = new Map(numbers.map((number, index) => [number, page(index)]));
      yield { ...position, change: { pageSize, pageCount, pages } };
    }
  } finally {
    await iterator.return?.();
  }
}

/** Returns a function that takes the next bytes, or undefined if the chunks end before. */
function takeFrom(iterator: AsyncIterator<Uint8Array>): (length: number | undefined) => Promise<Buffer | undefined> {
  let waiting: Uint8Array[] = [];
  let available = 0;
  return async (length) => {
    if (length === undefined) return undefined;
    while (available < length) {
      const next = await iterator.next();
      if (next.done === true) return undefined;
      waiting.push(next.value);
      available += next.value.length;
    }
    const [only] = waiting;
    const bytes =
      waiting.length === 1 && only !== undefined
        ? Buffer.from(only.buffer, only.byteOffset, only.length)
        : Buffer.concat(waiting);
    waiting = [bytes.subarray(length)];
    available -= length;
    return bytes.subarray(0, length);
  };
}
