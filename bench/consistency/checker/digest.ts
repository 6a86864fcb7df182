import type { SeenVersion } from "../history/history.ts";

/** Two running 32-bit hashes, 52 bits of which make a digest. */
class Mixer {
  #one = 0x811c9dc5;
  #other = 0x9e3779b9;

  number(value: number): void {
    this.#word(value | 0);
    this.#word(Math.floor(value / 0x1_0000_0000) | 0);
  }

  text(value: string): void {
    for (let index = 0; index < value.length; index += 1) this.#word(value.charCodeAt(index));
  }

  digest(): number {
    const one = finish(this.#one ^ (this.#other >>> 7));
    const other = finish(this.#other ^ Math.imul(one, 0x27d4eb2f));
    return (one >>> 0) * 0x10_0000 + (other >>> 12);
  }

  #word(word: number): void {
    this.#one = Math.imul(this.#one ^ word, 0x01000193);
    this.#one ^= this.#one >>> 15;
    this.#other = Math.imul((this.#other << 13) | (this.#other >>> 19), 5) + Math.imul(word, 0xcc9e2d51);
    this.#other = Math.imul(this.#other ^ (this.#other >>> 16), 0x85ebca6b);
  }
}

function finish(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** A number that stands for all that metadata shows. Two states of one path that share one are not to be expected. */
export function digestOf(current: number, oldest: number, versions: readonly SeenVersion[]): number {
  const mixer = new Mixer();
  mixer.number(current);
  mixer.number(oldest);
  for (const { number, created, deleted } of versions) {
    mixer.number(number);
    mixer.number(created);
    mixer.number(deleted ?? -1);
  }
  return mixer.digest();
}

/** A number that stands for a path. */
export function digestOfPath(path: string): number {
  const mixer = new Mixer();
  mixer.text(path);
  return mixer.digest();
}
