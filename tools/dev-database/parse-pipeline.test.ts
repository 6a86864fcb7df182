import { expect, test } from "vitest";
import { parsePipeline } from "./parse-pipeline.ts";

const pipelineOf = (...requests: unknown[]): string => JSON.stringify({ requests });
const batchOf = (condition: unknown): string =>
  pipelineOf({ type: "batch", batch: { steps: [{ stmt: { sql: "A" } }, { condition, stmt: { sql: "B" } }] } });

function nested(depth: number): unknown {
  return depth === 0 ? { type: "ok", step: 0 } : { type: "not", cond: nested(depth - 1) };
}

test("what a request leaves out has a default", () => {
  const text = pipelineOf({ type: "execute", stmt: { sql: "A", args: null, want_rows: null } });
  const statement = { text: { sql: "A" }, args: [], namedArgs: [], wantRows: true };
  expect(parsePipeline(text, 2)).toEqual({
    ok: true,
    value: { baton: undefined, requests: [{ type: "execute", statement }] },
  });
});

test.each([
  ["no JSON", "{"],
  ["no object", "[]"],
  ["no requests", "{}"],
  ["a numeric baton", '{"baton":1,"requests":[]}'],
  ["an unknown request", pipelineOf({ type: "vacuum" })],
  ["neither sql nor sql_id", pipelineOf({ type: "execute", stmt: {} })],
  ["both sql and sql_id", pipelineOf({ type: "sequence", sql: "A", sql_id: 1 })],
  ["SQL with a NUL", pipelineOf({ type: "sequence", sql: "A\0B" })],
  ["SQL with half a character", pipelineOf({ type: "sequence", sql: "\uDC00" })],
  ["a fractional sql_id", pipelineOf({ type: "close_sql", sql_id: 1.5 })],
  ["an argument of no type", pipelineOf({ type: "execute", stmt: { sql: "A", args: [1] } })],
  ["a named argument without a name", pipelineOf({ type: "execute", stmt: { sql: "A", named_args: [{}] } })],
  ["a condition on itself", batchOf({ type: "ok", step: 1 })],
  ["a condition on nothing", batchOf({ type: "ok", step: -1 })],
  ["an unknown condition", batchOf({ type: "xor", conds: [] })],
  ["a condition nested too deeply", batchOf(nested(1000))],
])("%s is refused", (_name, text) => {
  expect(parsePipeline(text, 3)).toMatchObject({ ok: false, error: { code: "MALFORMED_REQUEST" } });
});

test.each([pipelineOf({ type: "get_autocommit" }), batchOf({ type: "is_autocommit" })])(
  "version 2 knows nothing of autocommit: %s",
  (text) => {
    expect(parsePipeline(text, 2)).toMatchObject({ ok: false });
    expect(parsePipeline(text, 3)).toMatchObject({ ok: true });
  },
);
