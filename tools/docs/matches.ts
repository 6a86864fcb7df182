/** Whether a command printed what a page says. `…` stands for anything; space around it all does not count. */
export function matches(expected: string, printed: string): boolean {
  const text = printed.trim();
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
