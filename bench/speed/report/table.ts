import { isMet, type Result } from "../result.ts";

const HEADS = ["figure", "ours", "base", "value", "spread", "goal", ""] as const;

/** The results as a Markdown table. */
export function tableOf(results: readonly Result[]): string {
  const rows = [HEADS, HEADS.map(() => "---"), ...results.map(rowOf)];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

export function rowOf(result: Result): string[] {
  const { figure, against, ours, base, unit, kind, value, goal } = result;
  const met = isMet(result);
  const show = kind === "ratio" ? (n: number): string => n.toFixed(2) : rounded;
  const bound = [
    ...(goal?.least === undefined ? [] : [`≥ ${goal.least}`]),
    ...(goal?.most === undefined ? [] : [`≤ ${goal.most}`]),
  ];
  return [
    base === null && kind === "amount" ? figure : `${figure}, against ${against}`,
    `${rounded(ours)} ${unit}`,
    base === null ? "" : `${rounded(base)} ${unit}`,
    kind === "ratio" ? show(value.median) : `${kind === "difference" ? "+" : ""}${show(value.median)} ${unit}`,
    `${show(value.least)}–${show(value.most)}`,
    bound.join(", "),
    met === undefined ? "" : met ? "met" : "**not met**",
  ];
}

/** Three digits are more than this noise allows. */
function rounded(value: number): string {
  return value >= 100 || value === 0 ? value.toFixed(0) : value.toPrecision(3);
}
