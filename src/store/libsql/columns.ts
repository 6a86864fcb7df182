import { hexToBytes } from "@noble/curves/utils.js";
import type { Bytes } from "../rows.ts";
import { StoreUnavailable } from "../store-unavailable.ts";

/**
 * Reads the columns of a row one after the other, in the order of the schema. Rows come from outside: each column is checked
 * once, here. Anything unexpected counts as an unreadable answer.
 */
export class Columns {
  readonly #row: readonly unknown[];
  #next = 0;

  constructor(row: unknown) {
    if (!Array.isArray(row)) throw malformed("a row is no list");
    this.#row = row;
  }

  integer(): number {
    const value = this.#take();
    // Those that a double can't hold are rounded by the parser, and none of what it rounds to is a safe one.
    return typeof value === "number" && Number.isSafeInteger(value) ? value : this.#refuse("integer");
  }

  text(): string {
    const value = this.#take();
    return typeof value === "string" ? value : this.#refuse("text");
  }

  bytes(): Bytes {
    const value = this.#take();
    if (typeof value !== "string") return this.#refuse("bytes");
    try {
      return hexToBytes(value);
    } catch {
      return this.#refuse("bytes");
    }
  }

  /** Up to the year 9999: a clock beyond would leave times behind that nothing can print. */
  time(): number {
    const value = this.integer();
    return value >= 0 && value <= 253_402_300_799_999 ? value : this.#refuse("time");
  }

  boolean(): boolean {
    return this.integer() === 1;
  }

  integerOrNull(): number | null {
    return this.#takeNull() ? null : this.integer();
  }

  textOrNull(): string | null {
    return this.#takeNull() ? null : this.text();
  }

  bytesOrNull(): Bytes | null {
    return this.#takeNull() ? null : this.bytes();
  }

  /** Whether the next `count` columns are all NULL; they are skipped then. */
  skipNulls(count: number): boolean {
    for (let index = 0; index < count; index += 1) if (this.#row[this.#next + index] !== null) return false;
    this.#next += count;
    return true;
  }

  end(): void {
    if (this.#next !== this.#row.length) throw malformed(`a row has ${this.#row.length} columns`);
  }

  #take(): unknown {
    const value = this.#row[this.#next];
    this.#next += 1;
    return value;
  }

  #takeNull(): boolean {
    if (this.#row[this.#next] !== null) return false;
    this.#next += 1;
    return true;
  }

  #refuse(what: string): never {
    throw malformed(`column ${this.#next} of a row is no ${what}`);
  }
}

export function malformed(detail: string): StoreUnavailable {
  return new StoreUnavailable("malformed", "unknown", detail);
}
