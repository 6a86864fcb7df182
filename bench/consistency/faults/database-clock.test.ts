import { expect, it } from "vitest";
import { DatabaseClock } from "./database-clock.ts";

const WRITE_ID = "w".repeat(43);
const load = (writeId: string) =>
  `{"sql":"select unixepoch('subsec') * 1000","args":[{"type":"text","value":"${writeId}"}]}`;

it("changes the clock of all requests while it is set, and records when it was set (H08)", () => {
  let now = 10;
  const clock = new DatabaseClock(() => now);
  expect(clock.rewrite(load(WRITE_ID))).toBe(load(WRITE_ID));
  clock.set(-86_400_000);
  expect(clock.rewrite(load(WRITE_ID))).toContain("select (unixepoch('subsec') + -86400.0) * 1000");
  now = 20;
  clock.set(0);
  expect(clock.rewrite(load(WRITE_ID))).toBe(load(WRITE_ID));
  expect(clock.changes()).toEqual([
    { at: 10, offsetMs: -86_400_000 },
    { at: 20, offsetMs: 0 },
  ]);
});

it("changes the clock of one write and of no other (H09)", () => {
  const clock = new DatabaseClock(() => 0);
  clock.setFor(WRITE_ID, 86_400_000);
  expect(clock.rewrite(load(WRITE_ID))).toContain("(unixepoch('subsec') + 86400.0)");
  expect(clock.rewrite(load("x".repeat(43)))).not.toContain("86400");
  expect(clock.rewrite("unixepoch('subsec')")).toBe("unixepoch('subsec')");
  expect(clock.changes()).toEqual([]);
});
