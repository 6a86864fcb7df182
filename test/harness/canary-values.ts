import { randomText } from "./canaries.ts";

/** Kinds of secret values. Each call returns a new text, which is not a canary until it is watched. */
export const VALUES: Readonly<Record<string, () => string>> = {
  "letters and digits": () => randomText(24),
  "characters below U+0100": () => textOf({ length: 40, first: 0, count: 256 }),
  "three-byte characters": () => textOf({ length: 30, first: 0x4e00, count: 20_000 }),
  "four-byte characters": () => textOf({ length: 30, first: 0x1f300, count: 700 }),
};

/** Random text of `length` characters from the `count` code points that begin with `first`. */
export function textOf(options: { readonly length: number; readonly first: number; readonly count: number }): string {
  const { length, first, count } = options;
  const draws = crypto.getRandomValues(new Uint16Array(length));
  return Array.from(draws, (draw) => String.fromCodePoint(first + (draw % count))).join("");
}
