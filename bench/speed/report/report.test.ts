import { expect, it } from "vitest";
import type { Result } from "../result.ts";
import { withResults } from "./page.ts";
import { rowOf, tableOf } from "./table.ts";

const result: Result = {
  figure: "get",
  against: "the floor",
  unit: "1/s",
  ours: 1035.4,
  base: 2146,
  kind: "ratio",
  value: { median: 0.4871, least: 0.481, most: 0.52 },
  goal: { least: 0.6 },
};

it("a line tells what was compared, both absolute figures, what counts with its spread, and the goal", () => {
  expect(rowOf(result)).toEqual([
    "get, against the floor",
    "1035 1/s",
    "2146 1/s",
    "0.49",
    "0.48–0.52",
    "≥ 0.6",
    "**not met**",
  ]);
  const added: Result = { ...result, unit: "ms", kind: "difference", ours: 1.8412, base: 0.82, goal: { most: 1 } };
  expect(rowOf(added).slice(1)).toEqual(["1.84 ms", "0.820 ms", "+0.487 ms", "0.481–0.520", "≤ 1", "met"]);
  const alone: Result = { ...result, figure: "bundle", kind: "amount", unit: "KiB", base: null };
  expect(rowOf(alone).slice(0, 3)).toEqual(["bundle", "1035 KiB", ""]);
  expect(tableOf([result]).split("\n")).toHaveLength(3);
});

it("a page keeps what stands around its results", () => {
  const page = "a\n<!-- results -->\nold\n<!-- end of results -->\nb\n";
  const written = withResults(page, "new");
  expect(written).toBe("a\n<!-- results -->\n\nnew\n\n<!-- end of results -->\nb\n");
  expect(withResults(written, "new")).toBe(written);
  expect(() => withResults("no marks", "new")).toThrow("no <!-- results -->");
});
