/** Quotes of an env file, in order of preference. Only single quotes and backquotes keep every character as it is. */
const QUOTES = ["'", "`"] as const;

/**
 * The text of an env file, as wrangler reads `.dev.vars` and `--env-file`: one `NAME='value'` per line.
 *
 * @throws Error for a value that the format cannot hold
 */
export function formatEnvFile(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${quote(name, value)}\n`)
    .join("");
}

function quote(name: string, value: string): string {
  // A line break is legal in quotes, but hides a mistake. wrangler expands `$NAME` in an --env-file, even in quotes.
  const mark = /[\r\n$\\]/.test(value) ? undefined : QUOTES.find((each) => !value.includes(each));
  // The value may be a secret, so the message does not quote it.
  if (mark === undefined) throw new Error(`Cannot write ${name} to an env file: it has characters that need escapes`);
  return `${mark}${value}${mark}`;
}
