import { expect, it } from "vitest";
import { formatRow, formatTable, insertResults } from "./report.ts";
import type { Result } from "./result.ts";

const result: Result = {
  benchmark: "get",
  comparedWith: "a baseline",
  unit: "1/s",
  measured: 1035.4,
  baseline: 2146,
  kind: "ratio",
  value: { median: 0.4871, min: 0.481, max: 0.52 },
  goal: { min: 0.6 },
};

it("formats a row with both absolute values, the result with its range, and the goal", () => {
  expect(formatRow(result)).toEqual([
    "get, vs a baseline",
    "1035 1/s",
    "2146 1/s",
    "0.49",
    "0.48–0.52",
    "≥ 0.6",
    "**not met**",
  ]);
  const added: Result = {
    ...result,
    unit: "ms",
    kind: "difference",
    measured: 1.8412,
    baseline: 0.82,
    goal: { max: 1 },
  };
  expect(formatRow(added).slice(1)).toEqual(["1.84 ms", "0.820 ms", "+0.487 ms", "0.481–0.520", "≤ 1", "met"]);
  const amount: Result = { ...result, benchmark: "bundle", kind: "amount", unit: "KiB", baseline: null };
  expect(formatRow(amount).slice(0, 3)).toEqual(["bundle", "1035 KiB", ""]);
  expect(formatTable([result]).split("\n")).toHaveLength(3);
});

it("replaces only the results of a page", () => {
  const page = "a\n<!-- results -->\nold\n<!-- end of results -->\nb\n";
  const written = insertResults(page, "new");
  expect(written).toBe("a\n<!-- results -->\n\nnew\n\n<!-- end of results -->\nb\n");
  expect(insertResults(written, "new")).toBe(written);
  expect(() => insertResults("no markers", "new")).toThrow("no <!-- results -->");
});
