/** Compares the output of a command with a page. `…` matches any text; surrounding whitespace is ignored. */
export function matches(expected: string, output: string): boolean {
  const text = output.trim();
  const [first = "", ...others] = expected.trim().split("…");
  const last = others.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let end = first.length;
  for (const part of others) {
    const start = text.indexOf(part, end);
    if (start === -1) return false;
    end = start + part.length;
  }
  return text.slice(end).endsWith(last);
}
