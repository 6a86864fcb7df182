const QUOTED = /^(["'])(.*)\1$/s;

/**
 * Removes white space around the text of a setting, and then one pair of matching quotes. Shells, editors, env files and
 * `wrangler secret put` add them. A value with them would fail later and without a hint: for example, every token would have
 * the wrong audience.
 *
 * Returns `undefined` if nothing is left: an empty value counts as not set.
 */
export function clean(text: string, { keepsQuotes = false } = {}): string | undefined {
  const trimmed = text.trim();
  const value = keepsQuotes ? trimmed : (QUOTED.exec(trimmed)?.[2]?.trim() ?? trimmed);
  return value === "" ? undefined : value;
}
