import { expect, it } from "vitest";
import { parseTtl } from "./parse-ttl.ts";

it.each([
  ["1s", 1],
  ["30s", 30],
  ["15m", 900],
  ["1h", 3600],
  ["2d", 172_800],
  ["365d", 31_536_000],
  ["0s", undefined],
  ["366d", undefined],
  ["99999999d", undefined],
  ["", undefined],
  ["1", undefined],
  ["h", undefined],
  ["1w", undefined],
  ["1.5h", undefined],
  ["-1h", undefined],
  [" 1h", undefined],
  ["1h ", undefined],
  ["1H", undefined],
])("reads %j as %s", (text, seconds) => {
  expect(parseTtl(text)).toBe(seconds);
});
