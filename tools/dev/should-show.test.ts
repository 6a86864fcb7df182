import { expect, it } from "vitest";
import { shouldShow } from "./should-show.ts";

it.each([
  ['{"level":"error","event":"request_failed"}', "stdout", false, true],
  ['{"level":"info","event":"request_denied"}', "stdout", true, true],
  ["Using secrets defined in process.env", "stdout", false, false],
  ["[wrangler:info] POST /v1/store/secrets 200 OK (3ms)", "stdout", true, false],
  ["⎔ Reloading local server...", "stdout", true, true],
  ['✘ [ERROR] Build failed with 1 error: Expected ";"', "stderr", false, true],
  ["", "stderr", true, false],
] as const)("for %j on %s, with isReady %s, returns %s", (line, stream, isReady, isShown) => {
  expect(shouldShow(line, { stream, isReady })).toBe(isShown);
});
