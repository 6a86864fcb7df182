import { describe, expect, it } from "vitest";
import { resultsOf } from "./hrana.ts";

const ROW = { cols: [], rows: [] };

/** An answer to a batch of one statement: BEGIN, it, COMMIT, ROLLBACK. */
const answer = (results: readonly unknown[], errors: readonly unknown[] = [null, null, null, null]) => ({
  baton: null,
  results: [
    { type: "ok", response: { type: "store_sql" } },
    { type: "ok", response: { type: "batch", result: { step_results: results, step_errors: errors } } },
    { type: "ok", response: { type: "close" } },
  ],
});
const done = [ROW, ROW, ROW, null];
const error = (code: string) => ({ message: "quotes what was sent", code });

describe("an answer", () => {
  it("takes a batch whose every step was carried out", () => {
    expect(resultsOf(answer(done), 1, "write")).toEqual([{ rows: [] }]);
    expect(resultsOf(answer([ROW], [null]), 1, "read")).toEqual([{ rows: [] }]);
  });

  it.each([
    ["a skipped COMMIT", answer([ROW, ROW, null, ROW]), "rubbish", "unknown"],
    ["a skipped statement", answer([ROW, null, null, null]), "rubbish", "unknown"],
    ["too few steps", answer([ROW, ROW]), "rubbish", "unknown"],
    ["too few errors", answer(done, []), "rubbish", "unknown"],
    ["no batch", { results: [{ type: "ok", response: { type: "close" } }] }, "rubbish", "unknown"],
    ["no results", {}, "rubbish", "unknown"],
    ["null", null, "rubbish", "unknown"],
    ["a failed stream", { results: [{ type: "error", error: error("X") }] }, "rubbish", "unknown"],
    ["BEGIN busy", answer([null, null, null, null], [error("SQLITE_BUSY"), null, null, null]), "busy", "none"],
    [
      "a statement failed",
      answer([ROW, null, null, ROW], [null, error("SQLITE_ERROR"), null, null]),
      "rejected",
      "none",
    ],
    ["a row was there", answer([ROW, null, null, ROW], [null, error("SQLITE_CONSTRAINT"), null, null]), "busy", "none"],
    ["COMMIT failed", answer([ROW, ROW, null, ROW], [null, null, error("SQLITE_FULL"), null]), "rejected", "unknown"],
    ["COMMIT busy", answer([ROW, ROW, null, ROW], [null, null, error("SQLITE_BUSY"), null]), "busy", "unknown"],
  ])("%s: %s", (_, body, reason, outcome) => {
    expect(() => resultsOf(body, 1, "write")).toThrow(expect.objectContaining({ reason, outcome }));
    expect(() => resultsOf(body, 3, "read")).toThrow(expect.objectContaining({ reason, outcome: "none" }));
  });

  it("passes on codes that look like one, and no text", () => {
    const odd = answer([ROW, null, null, ROW], [null, error("see: secret value"), null, null]);
    expect(() => resultsOf(odd, 1, "write")).toThrow(expect.objectContaining({ detail: "unknown code" }));
  });
});
