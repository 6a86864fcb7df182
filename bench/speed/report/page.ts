const BEGIN = "<!-- results -->";
const END = "<!-- end of results -->";

/** Puts `results` between the marks of a page. @throws Error without them */
export function withResults(page: string, results: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`The page has no ${BEGIN} and ${END} to write between`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${results}\n\n${page.slice(end)}`;
}
