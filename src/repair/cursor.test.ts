import { expect, it } from "vitest";
import { FIRST_ROW, formatCursor, parseCursor, startAfter } from "./cursor.ts";

it.each([
  ["secrets:", { phase: "secrets", after: "" }],
  ["secrets:a/b:c::", { phase: "secrets", after: "a/b:c::" }],
  ["policies:p", { phase: "policies", after: "p" }],
  ["bundles:x.org", { phase: "bundles", after: "x.org" }],
  ["versions:a", { phase: "versions", after: "a" }],
  ["lost:secret:a", { phase: "lost", after: "secret:a" }],
  ["nodes:0:0", { phase: "nodes", depth: 0, after: 0 }],
  ["nodes:12:123456789", { phase: "nodes", depth: 12, after: 123_456_789 }],
] as const)("%s is a position", (text, cursor) => {
  expect(parseCursor(text)).toEqual(cursor);
  expect(formatCursor(cursor)).toBe(text);
});

it.each([
  "",
  "secrets",
  "rows:",
  "Secrets:a",
  "nodes",
  "nodes:",
  "nodes:1",
  "nodes:x:0",
  "nodes:1:x",
  "nodes:13:0",
  "nodes:012:0",
  "nodes:1:0:0",
  "nodes:1:1234567890",
  "nodes:-1:0",
  "nodes:1.5:0",
  "nodes:1:0 ",
  "nodes:nodes:1:0",
])("%j is no position", (text) => {
  expect(parseCursor(text)).toBeUndefined();
});

it("walks from secrets to nodes", () => {
  const phases: string[] = [];
  for (let cursor: typeof FIRST_ROW | undefined = FIRST_ROW; cursor !== undefined; cursor = startAfter(cursor.phase)) {
    phases.push(formatCursor(cursor));
  }
  expect(phases).toEqual(["secrets:", "policies:", "bundles:", "versions:", "lost:", "nodes:0:0"]);
});
