import type { Token } from "./tokens.ts";

/**
 * The parameters of a statement in the order of their numbers, with their prefix, `null` for those without a name.
 * The numbering is SQLite's: `?` and a new name take the next number, `?NNN` its own, a known name the one it has.
 */
export function parametersOf(statement: readonly Token[]): (string | null)[] {
  const names: (string | null)[] = [];
  for (const { kind, text } of statement) {
    if (kind !== "variable") {
      continue;
    }
    if (text === "?") {
      names.push(null);
    } else if (text.startsWith("?")) {
      nameNumbered(names, text);
    } else if (!names.includes(text)) {
      names.push(text);
    }
  }
  return names;
}

// SQLITE_MAX_VARIABLE_NUMBER: SQLite refuses the statement itself, this only keeps the array from growing till then.
const LARGEST_NUMBER = 32_766;

function nameNumbered(names: (string | null)[], text: string): void {
  const number = Number(text.slice(1));
  if (number < 1 || number > LARGEST_NUMBER) {
    return;
  }
  while (names.length < number) {
    names.push(null);
  }
  names[number - 1] ??= text;
}
