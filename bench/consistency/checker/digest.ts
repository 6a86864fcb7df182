import type { VersionMetadata } from "../history/history.ts";

/** Two 32-bit hashes side by side; 52 of their 64 bits make a digest, which is a safe integer. Not cryptographic. */
class Hasher {
  #first = 0x811c9dc5;
  #second = 0x9e3779b9;

  number(value: number): void {
    this.#word(value | 0);
    this.#word(Math.floor(value / 0x1_0000_0000) | 0);
  }

  text(value: string): void {
    for (let index = 0; index < value.length; index += 1) this.#word(value.charCodeAt(index));
  }

  digest(): number {
    const first = mix(this.#first ^ (this.#second >>> 7));
    const second = mix(this.#second ^ Math.imul(first, 0x27d4eb2f));
    return (first >>> 0) * 0x10_0000 + (second >>> 12);
  }

  #word(word: number): void {
    this.#first = Math.imul(this.#first ^ word, 0x01000193);
    this.#first ^= this.#first >>> 15;
    this.#second = Math.imul((this.#second << 13) | (this.#second >>> 19), 5) + Math.imul(word, 0xcc9e2d51);
    this.#second = Math.imul(this.#second ^ (this.#second >>> 16), 0x85ebca6b);
  }
}

function mix(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Identifies everything that metadata shows. A collision between two states of one path is negligible. */
export function metadataDigest(current: number, oldest: number, versions: readonly VersionMetadata[]): number {
  const hasher = new Hasher();
  hasher.number(current);
  hasher.number(oldest);
  for (const { number, createdAt, deletedAt } of versions) {
    hasher.number(number);
    hasher.number(createdAt);
    hasher.number(deletedAt ?? -1);
  }
  return hasher.digest();
}

/** Identifies a path. */
export function pathDigest(path: string): number {
  const hasher = new Hasher();
  hasher.text(path);
  return hasher.digest();
}
