const QUOTED = /^(["'])(.*)\1$/s;

/**
 * The text of a setting as its author meant it. Shells, editors, env files and `wrangler secret put` add line ends, blanks and
 * quotes, and a value with them fails only later, without a hint: every token has the wrong audience, for example. So white
 * space around the value is removed, and then one pair of matching quotes.
 *
 * Returns `undefined` if nothing is left: an empty value counts as not set.
 */
export function clean(text: string, { keepsQuotes = false } = {}): string | undefined {
  const trimmed = text.trim();
  const value = keepsQuotes ? trimmed : (QUOTED.exec(trimmed)?.[2]?.trim() ?? trimmed);
  return value === "" ? undefined : value;
}
