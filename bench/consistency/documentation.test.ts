import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PLANTED_FAULTS } from "../planted-faults/planted-faults.ts";
import { ANOMALIES } from "./checker/anomaly.ts";
import { CASES } from "./checker/cases.ts";

const page = readFileSync("docs/consistency.md", "utf8");
const rows = page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));

it.each(Object.entries(ANOMALIES))("docs/consistency.md explains %s", (kind, meaning) => {
  expect(rows).toContainEqual(["", `\`${kind}\``, meaning, ""]);
});

it.each(PLANTED_FAULTS)("docs/consistency.md says what detects: $name", ({ name }) => {
  expect(rows.filter(([, first]) => first === name)).toHaveLength(1);
});

it.each(Object.entries(CASES))("docs/consistency.md explains the cases of the kind %s (Q50)", (kind, meaning) => {
  expect(rows).toContainEqual(["", `\`${kind}\``, meaning, ""]);
});
