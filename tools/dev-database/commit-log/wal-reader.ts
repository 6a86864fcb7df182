import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { PageChange } from "./page-change.ts";

// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
const HEADER_BYTES = 32;
const PAGE_SIZE_AT = 8;
const SALT_AT = 16;
/** Of the file's header, without its own checksum. */
const CHECKED_HEADER_BYTES = 24;
const FRAME_HEADER_BYTES = 24;
const FRAME_SALT_AT = 8;
const FRAME_CHECKSUM_AT = 16;
/** Of a frame's header. */
const CHECKED_FRAME_BYTES = 8;

type Checksum = readonly [number, number];

/** What SQLite has written since it last started the file from the beginning. */
interface Generation {
  readonly header: Buffer;
  readonly pageSize: number;
  readonly salt: Buffer;
  readonly isBigEndian: boolean;
  /** Where the frames after the last commit begin. */
  position: number;
  checksum: Checksum;
}

export interface WalContent {
  /** True if SQLite has started the file from the beginning since the previous call, so that commits may be missing. */
  readonly isRestarted: boolean;
  readonly commits: readonly PageChange[];
}

/** Reads the commits in SQLite's write-ahead log in their order. */
export class WalReader {
  readonly #file: number;
  #generation: Generation | undefined;

  /** Throws Node's error if the log does not exist. */
  constructor(databaseFile: string) {
    this.#file = openSync(`${databaseFile}-wal`, "r");
  }

  /** Bytes of the log. */
  get size(): number {
    return fstatSync(this.#file).size;
  }

  /** The commits since the previous call. */
  read(): WalContent {
    const { size } = this;
    if (size < HEADER_BYTES) {
      return { isRestarted: false, commits: [] };
    }
    const header = this.#bytes(0, HEADER_BYTES);
    const known = this.#generation?.header.equals(header) === true ? this.#generation : undefined;
    const generation = known ?? openGeneration(header);
    this.#generation = generation;
    const bytes = this.#bytes(generation.position, size - generation.position);
    return { isRestarted: known === undefined, commits: takeCommits(generation, bytes) };
  }

  close(): void {
    closeSync(this.#file);
  }

  #bytes(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#file, bytes, { position, length }));
  }
}

function openGeneration(header: Buffer): Generation {
  // The lowest bit of the magic number.
  const isBigEndian = (header.readUInt32BE(0) & 1) === 1;
  return {
    header,
    pageSize: header.readUInt32BE(PAGE_SIZE_AT),
    salt: header.subarray(SALT_AT, CHECKED_HEADER_BYTES),
    isBigEndian,
    position: HEADER_BYTES,
    checksum: addChecksum([0, 0], header.subarray(0, CHECKED_HEADER_BYTES), isBigEndian),
  };
}

/**
 * Ends at the first invalid frame: it remains from an earlier generation, or from a process that was killed. Frames
 * without a commit after them are read again by the next call, because SQLite overwrites them after a rollback.
 */
function takeCommits(generation: Generation, bytes: Buffer): readonly PageChange[] {
  const { pageSize, salt, isBigEndian } = generation;
  const frameBytes = FRAME_HEADER_BYTES + pageSize;
  const commits: PageChange[] = [];
  let pages = new Map<number, Uint8Array>();
  let { checksum } = generation;
  let taken = 0;
  for (let end = frameBytes; end <= bytes.length; end += frameBytes) {
    const frame = bytes.subarray(end - frameBytes, end);
    const page = frame.subarray(FRAME_HEADER_BYTES);
    checksum = addChecksum(checksum, frame.subarray(0, CHECKED_FRAME_BYTES), isBigEndian);
    checksum = addChecksum(checksum, page, isBigEndian);
    if (!frame.subarray(FRAME_SALT_AT, FRAME_CHECKSUM_AT).equals(salt) || !hasChecksum(frame, checksum)) {
      break;
    }
    pages.set(frame.readUInt32BE(0), page);
    // Zero unless the frame is the last one of a transaction.
    const pageCount = frame.readUInt32BE(4);
    if (pageCount > 0) {
      commits.push({ pageSize, pageCount, pages });
      pages = new Map();
      taken = end;
      generation.checksum = checksum;
    }
  }
  generation.position += taken;
  return commits;
}

function hasChecksum(frame: Buffer, [first, second]: Checksum): boolean {
  return frame.readUInt32BE(FRAME_CHECKSUM_AT) === first && frame.readUInt32BE(FRAME_CHECKSUM_AT + 4) === second;
}

function addChecksum([first, second]: Checksum, bytes: Buffer, isBigEndian: boolean): Checksum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [sum, weighted] = [first, second];
  for (let at = 0; at < bytes.length; at += 8) {
    sum = (sum + view.getUint32(at, !isBigEndian) + weighted) >>> 0;
    weighted = (weighted + view.getUint32(at + 4, !isBigEndian) + sum) >>> 0;
  }
  return [sum, weighted];
}
