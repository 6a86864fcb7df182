import { isMet, type Result } from "./result.ts";

const HEADINGS = ["benchmark", "measured", "baseline", "result", "range", "goal", ""] as const;
const BEGIN = "<!-- results -->";
const END = "<!-- end of results -->";

/** Formats the results as a Markdown table. */
export function formatTable(results: readonly Result[]): string {
  const rows = [HEADINGS, HEADINGS.map(() => "---"), ...results.map(formatRow)];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Formats one result as the cells of a row. */
export function formatRow(result: Result): string[] {
  const { benchmark, comparedWith, measured, baseline, unit, kind, value, goal } = result;
  const met = isMet(result);
  const format = kind === "ratio" ? (n: number): string => n.toFixed(2) : formatNumber;
  const bounds = [
    ...(goal?.min === undefined ? [] : [`≥ ${goal.min}`]),
    ...(goal?.max === undefined ? [] : [`≤ ${goal.max}`]),
  ];
  return [
    baseline === null && kind === "amount" ? benchmark : `${benchmark}, vs ${comparedWith}`,
    `${formatNumber(measured)} ${unit}`,
    baseline === null ? "" : `${formatNumber(baseline)} ${unit}`,
    kind === "ratio"
      ? format(value.median)
      : `${kind === "difference" && value.median > 0 ? "+" : ""}${format(value.median)} ${unit}`,
    `${format(value.min)}–${format(value.max)}`,
    bounds.join(", "),
    met === undefined ? "" : met ? "met" : "**not met**",
  ];
}

/** Replaces the text between the markers of a page. @throws Error if the page has no markers */
export function insertResults(page: string, results: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`Cannot write the results: the page has no ${BEGIN} and ${END} markers`);
  return `${page.slice(0, begin)}${BEGIN}\n\n${results}\n\n${page.slice(end)}`;
}

/** Three significant digits: the measurement noise is larger than that. */
function formatNumber(value: number): string {
  return value >= 100 || value === 0 ? value.toFixed(0) : value.toPrecision(3);
}
