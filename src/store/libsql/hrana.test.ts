import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { pipelineOf, resultsOf } from "./hrana.ts";
import type { Bound } from "./statement.ts";

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
    ["a skipped COMMIT", answer([ROW, ROW, null, ROW]), "malformed", "unknown"],
    ["a skipped statement", answer([ROW, null, null, null]), "malformed", "unknown"],
    ["too few steps", answer([ROW, ROW]), "malformed", "unknown"],
    ["too few errors", answer(done, []), "malformed", "unknown"],
    ["no batch", { results: [{ type: "ok", response: { type: "close" } }] }, "malformed", "unknown"],
    ["no results", {}, "malformed", "unknown"],
    ["null", null, "malformed", "unknown"],
    ["a failed stream", { results: [{ type: "error", error: error("X") }] }, "malformed", "unknown"],
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

describe("a pipeline", () => {
  const bound = (sql: string, args: Bound["args"] = {}): Bound => ({ escaped: JSON.stringify(sql).slice(1, -1), args });
  const stepsOf = (text: string): unknown => {
    const { requests } = JSON.parse(text) as { requests: { type: string; batch?: { steps: unknown } }[] };
    expect(requests.map(({ type }) => type)).toEqual(["batch", "close"]);
    return requests[0]?.batch?.steps;
  };

  it("is the statement alone for a read, and a guarded transaction for a write", () => {
    const stmt = { sql: 'SELECT "a" FROM t', named_args: [] };
    expect(stepsOf(pipelineOf([bound('SELECT "a" FROM t')], "read"))).toEqual([{ stmt }]);
    const ok = (step: number) => ({ type: "ok", step });
    expect(stepsOf(pipelineOf([bound('SELECT "a" FROM t'), bound("X")], "write"))).toEqual([
      { stmt: { sql: "BEGIN IMMEDIATE", named_args: [] } },
      { stmt, condition: ok(0) },
      { stmt: { sql: "X", named_args: [] }, condition: ok(1) },
      { stmt: { sql: "COMMIT", named_args: [] }, condition: ok(2) },
      { stmt: { sql: "ROLLBACK", named_args: [] }, condition: { type: "not", cond: ok(3) } },
    ]);
  });

  it("holds every value as it is, whatever is in it", () => {
    const value = fc.oneof(fc.constant(null), fc.bigInt(), fc.string({ unit: "binary" }), fc.uint8Array());
    fc.assert(
      fc.property(value, (given) => {
        const [step] = stepsOf(pipelineOf([bound("S", { place: given })], "read")) as [
          { stmt: { named_args: object } },
        ];
        const expected =
          given === null
            ? { type: "null" }
            : typeof given === "bigint"
              ? { type: "integer", value: String(given) }
              : typeof given === "string"
                ? { type: "text", value: given }
                : { type: "blob", base64: Buffer.from(given).toString("base64") };
        expect(step.stmt.named_args).toEqual([{ name: "place", value: expected }]);
      }),
    );
  });
});

describe("a cell", () => {
  const cells = (row: readonly unknown[]): readonly unknown[] => {
    const [result] = resultsOf(answer([{ cols: [], rows: [row] }], [null]), 1, "read");
    return row.map((_, column) => result?.rows[0]?.[column]);
  };
  const bytes = (...values: readonly number[]) => Uint8Array.from(values).buffer;

  it("is a number, a text, bytes padded or not, or null", () => {
    expect(cells([{ type: "integer", value: "-7" }, { type: "text", value: "1" }, { type: "null" }])).toEqual([
      -7,
      "1",
      null,
    ]);
    expect(cells(["", "/w==", "/w", "AP8Q"].map((base64) => ({ type: "blob", base64 })))).toEqual([
      bytes(),
      bytes(255),
      bytes(255),
      bytes(0, 255, 16),
    ]);
  });

  it.each([
    null,
    1,
    "x",
    {},
    { type: "float", value: 1 },
    { type: "integer", value: 1 },
    { type: "blob", base64: "*" },
  ])("that is %j fits nowhere", (cell) => expect(cells([cell])).toEqual([undefined]));

  it("is not looked for in what is no row", () => {
    expect(() => resultsOf(answer([{ cols: [], rows: [7] }], [null]), 1, "read")).toThrow("");
    expect(() => resultsOf(answer([{ cols: [] }], [null]), 1, "read")).toThrow("");
  });
});
