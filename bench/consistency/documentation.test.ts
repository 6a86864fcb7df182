import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PLANTED_FAULTS } from "../planted-faults/planted-faults.ts";
import { ANOMALIES } from "./checker/anomaly.ts";

const page = readFileSync("docs/consistency.md", "utf8");

it.each(Object.entries(ANOMALIES))("docs/consistency.md explains %s", (kind, meaning) => {
  expect(page).toMatch(new RegExp(`^\\| \`${kind}\` +\\| ${RegExp.escape(meaning)} +\\|$`, "m"));
});

it.each(PLANTED_FAULTS)("docs/consistency.md says what notices: $name", ({ name }) => {
  expect(page).toContain(`| ${name} `);
});
