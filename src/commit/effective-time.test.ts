import { expect, it } from "vitest";
import { effectiveTime, timeBounds } from "./effective-time.ts";

const T = 1_800_000_000_000;
const MINUTE = 60_000;

it.each([
  ["the database's clock, if it is right", 0, 0],
  ["the database's clock, up to 15 minutes ahead", 15 * MINUTE, 15 * MINUTE],
  ["at most 15 minutes ahead of the worker", 15 * MINUTE + 1, 15 * MINUTE],
  ["at most 15 minutes ahead of the worker, if the database is years ahead", 1e11, 15 * MINUTE],
  ["the database's clock, up to 15 minutes behind", -15 * MINUTE, -15 * MINUTE],
  ["at most 15 minutes behind the worker", -15 * MINUTE - 1, -15 * MINUTE],
  ["at most 15 minutes behind the worker, if the database is at 1970", -T, -15 * MINUTE],
])("is %s", (_, offset, expected) => {
  expect(effectiveTime({ now: T + offset }, timeBounds(T)) - T).toBe(expected);
});
