import { type Env } from "./read-settings.ts";
import { isSettingName, SETTINGS, type SettingName } from "./settings.ts";

const PREFIX = /^(?:SPIKE|LIBSQL)_/;
/** Longer names are not compared: the comparison takes time in proportion to the square of the length. */
const NAME = /^\w{1,64}$/;
const MAX_EDITS = 2;

/**
 * Warnings about names that look like settings, such as `SPIKE_ROOT_KEY` or `LIBSQL_TOKEN`. They have no effect, and the setting
 * that the operator meant is not set.
 */
export function unknownSettings(env: Env): readonly string[] {
  return Object.keys(env).flatMap((name) => {
    if (isSettingName(name) || !NAME.test(name)) return [];
    const similar = similarName(name.toUpperCase());
    if (similar === undefined && !PREFIX.test(name)) return [];
    const hint = similar === undefined ? "" : `; did you mean ${similar}?`;
    return [`${name} is not a setting and has no effect${hint}`];
  });
}

function similarName(name: string): SettingName | undefined {
  const names = Object.keys(SETTINGS).filter(isSettingName);
  const [closest] = names
    .map((known) => ({ known, edits: editDistance(name, known) }))
    .filter(({ edits }) => edits <= MAX_EDITS)
    .toSorted((a, b) => a.edits - b.edits);
  if (closest !== undefined) return closest.known;
  return PREFIX.test(name) ? names.find((known) => hasWordsOf(name, known) || hasWordsOf(known, name)) : undefined;
}

/** Whether `whole` has all words of `part`, which has more words than the prefix. */
function hasWordsOf(whole: string, part: string): boolean {
  const [words, wanted] = [whole.split("_"), part.split("_")];
  return wanted.length > 1 && wanted.every((word) => words.includes(word));
}

/** The Levenshtein distance: how many characters to insert, delete or replace. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [row, character] of Array.from(a).entries()) {
    const current = [row + 1];
    for (let column = 1; column <= b.length; column += 1) {
      const replaced = (above[column - 1] ?? 0) + (character === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    above = current;
  }
  return above[b.length] ?? 0;
}
