import { describe, expect, it } from "vitest";
import { checkAnswer } from "./check-answer.ts";

const DONE = { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };

/** An answer to a batch of one statement: BEGIN, the statement, COMMIT, ROLLBACK. */
const answer = (results: readonly unknown[], errors: readonly unknown[] = [null, null, null, null]) => ({
  baton: null,
  results: [
    { type: "ok", response: { type: "store_sql" } },
    { type: "ok", response: { type: "batch", result: { step_results: results, step_errors: errors } } },
    { type: "ok", response: { type: "close" } },
  ],
});
const error = (code: string, message = "quotes what was sent") => ({ message, code });
const done = [DONE, DONE, DONE, null];

describe("an answer to a write", () => {
  const check = (body: unknown) => checkAnswer(body, { count: 1, mode: "write" });

  it("is accepted if every step from BEGIN to COMMIT was run", () => {
    expect(() => check(answer(done))).not.toThrow();
  });

  it.each([
    ["a skipped COMMIT", answer([DONE, DONE, null, DONE]), "malformed", "unknown"],
    ["a skipped statement", answer([DONE, null, null, null]), "malformed", "unknown"],
    ["too few steps", answer([DONE, DONE]), "malformed", "unknown"],
    ["too few errors", answer(done, []), "malformed", "unknown"],
    ["no batch", { results: [{ type: "ok", response: { type: "close" } }] }, "malformed", "unknown"],
    ["no results", {}, "malformed", "unknown"],
    ["null", null, "malformed", "unknown"],
    ["a failed stream", { results: [{ type: "error", error: error("X") }] }, "malformed", "unknown"],
    ["a busy BEGIN", answer([null, null, null, null], [error("SQLITE_BUSY"), null, null, null]), "busy", "none"],
    [
      "a failed statement",
      answer([DONE, null, null, DONE], [null, error("SQLITE_ERROR"), null, null]),
      "rejected",
      "none",
    ],
    [
      "a row that exists already",
      answer([DONE, null, null, DONE], [null, error("SQLITE_CONSTRAINT", "UNIQUE constraint failed: t.a"), null, null]),
      "busy",
      "none",
    ],
    [
      "a failed COMMIT",
      answer([DONE, DONE, null, DONE], [null, null, error("SQLITE_FULL"), null]),
      "rejected",
      "unknown",
    ],
    ["a busy COMMIT", answer([DONE, DONE, null, DONE], [null, null, error("SQLITE_BUSY"), null]), "busy", "unknown"],
    [
      "several failed steps",
      answer([DONE, null, null, DONE], [null, error("SQLITE_ERROR"), error("SQLITE_FULL"), null]),
      "rejected",
      "none",
    ],
  ])("with %s is %s, outcome %s", (_, body, reason, outcome) => {
    expect(() => check(body)).toThrow(expect.objectContaining({ reason, outcome }));
  });

  it("passes on a code that looks like one, and never text of the server", () => {
    const odd = answer([DONE, null, null, DONE], [null, error("see: secret value"), null, null]);
    expect(() => check(odd)).toThrow(expect.objectContaining({ detail: "unknown code" }));
  });
});

describe("a cell", () => {
  const rows = (cell: unknown) => ({ ...DONE, rows: [[{ type: "null" }, cell]] });
  const read = (cell: unknown) => ({ results: [{ type: "ok", response: { type: "execute", result: rows(cell) } }] });
  const check = (cell: unknown) => {
    checkAnswer(read(cell), { count: 1, mode: "read" });
    checkAnswer(answer([DONE, rows(cell), DONE, null]), { count: 1, mode: "write" });
  };

  it.each(["", "/w==", "/w", "AP8Q", "AP8="])("may be the base64 text %j, padded or not", (base64) => {
    expect(() => check({ type: "blob", base64 })).not.toThrow();
  });

  it.each([{ type: "integer", value: "7" }, { type: "text", value: "*" }, { type: "null" }])("may be %j", (cell) => {
    expect(() => check(cell)).not.toThrow();
  });

  it.each([
    ...["*", "A", "AP8Q=", "AP8Q*", "/w=", "A===", "====", "A P8", "AP-_", "é0"].map((base64) => ({
      type: "blob",
      base64,
    })),
    { type: "blob" },
    { type: "blob", base64: 7 },
    { type: "float", value: 1 },
  ])("must not be %j: the driver would repair or accept it", (cell) => {
    expect(() => checkAnswer(read(cell), { count: 1, mode: "read" })).toThrow(
      expect.objectContaining({ reason: "malformed", outcome: "none" }),
    );
    expect(() => checkAnswer(answer([DONE, rows(cell), DONE, null]), { count: 1, mode: "write" })).toThrow(
      expect.objectContaining({ reason: "malformed", outcome: "unknown" }),
    );
  });
});

describe("an answer to a read", () => {
  it.each([null, 7, {}, { results: 7 }, { results: [null] }])("of another shape is left to the driver: %j", (body) => {
    expect(() => checkAnswer(body, { count: 1, mode: "read" })).not.toThrow();
  });
});
