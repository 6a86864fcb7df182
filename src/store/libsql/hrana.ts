import { StoreUnavailable } from "../store-unavailable.ts";
import type { Mode, Result } from "./execute.ts";
import { isPassing, safeCode } from "./to-unavailable.ts";
import type { Argument, Bound } from "./statement.ts";

/**
 * Hrana 2 over HTTP in JSON (libsql, docs/HRANA_2_SPEC.md): what is used of it. One pipeline is one round trip: a batch, and
 * the end of its stream.
 *
 * A write runs from BEGIN IMMEDIATE to COMMIT, each step only if the one before it was carried out. A read is one statement,
 * which has a snapshot of its own.
 */
export function pipelineOf(statements: readonly Bound[], mode: Mode): string {
  const steps = mode === "read" ? statements.map((statement) => step(statement)) : transaction(statements);
  // Put together by hand: to escape the same SQL each time takes longer than all else.
  return `{"requests":[{"type":"batch","batch":{"steps":[${steps.join(",")}]}},{"type":"close"}]}`;
}

function transaction(statements: readonly Bound[]): readonly string[] {
  const commit = statements.length + 1;
  return [
    step(BEGIN),
    ...statements.map((statement, index) => step(statement, ok(index))),
    step(COMMIT, ok(commit - 1)),
    step(ROLLBACK, `{"type":"not","cond":${ok(commit)}}`),
  ];
}

const BEGIN: Readonly<Bound> = { escaped: "BEGIN IMMEDIATE", args: {} };
const COMMIT: Readonly<Bound> = { escaped: "COMMIT", args: {} };
const ROLLBACK: Readonly<Bound> = { escaped: "ROLLBACK", args: {} };

const ok = (step: number): string => `{"type":"ok","step":${step}}`;

function step({ escaped, args }: Bound, condition?: string): string {
  const named = Object.entries(args).map(([name, value]) => `{"name":"${name}","value":${wireValue(value)}}`);
  const stmt = `"stmt":{"sql":"${escaped}","named_args":[${named.join(",")}]}`;
  return condition === undefined ? `{${stmt}}` : `{${stmt},"condition":${condition}}`;
}

function wireValue(value: Argument): string {
  if (value === null) return '{"type":"null"}';
  if (typeof value === "bigint") return `{"type":"integer","value":"${value}"}`;
  return typeof value === "string"
    ? `{"type":"text","value":${JSON.stringify(value)}}`
    : `{"type":"blob","base64":"${toBase64(value)}"}`;
}

/**
 * What the statements of a pipeline gave, if its answer says that all was carried out, from BEGIN to COMMIT: every step is
 * looked at.
 *
 * @param count statements in the batch
 * @throws StoreUnavailable
 */
export function resultsOf(answer: unknown, count: number, mode: Mode): readonly Result[] {
  const open = mode === "write" ? "unknown" : "none";
  const before = mode === "write" ? 1 : 0;
  // Of a read, the statement itself.
  const last = mode === "write" ? count + 1 : count - 1;
  const steps = stepsOf(answer);
  if (steps === undefined || steps.results.length <= last || steps.errors.length <= last) {
    throw new StoreUnavailable("malformed", open, "no result of a batch");
  }
  const failed = steps.errors.findIndex((error, index) => error !== null && index <= last);
  if (failed >= 0) {
    const code = codeOf(steps.errors[failed]);
    // A statement that failed was rolled back with all others; a failing COMMIT says nothing for certain.
    const outcome = failed === last ? open : "none";
    throw new StoreUnavailable(isPassing(code) ? "busy" : "rejected", outcome, safeCode(code));
  }
  const results = steps.results.slice(0, last + 1);
  if (results.includes(null)) throw new StoreUnavailable("malformed", open, "a step of a batch was skipped");
  return results.slice(before, before + count).map((result) => resultOf(result, open));
}

interface Steps {
  readonly results: readonly unknown[];
  readonly errors: readonly unknown[];
}

/** Of the requests in a pipeline one is the batch. */
function stepsOf(answer: unknown): Steps | undefined {
  for (const result of listIn(answer, "results") ?? []) {
    const response = memberOf(result, "response");
    if (memberOf(response, "type") !== "batch") continue;
    const batch = memberOf(response, "result");
    const results = listIn(batch, "step_results");
    const errors = listIn(batch, "step_errors");
    return results && errors && { results, errors };
  }
  return undefined;
}

function resultOf(result: unknown, open: "none" | "unknown"): Result {
  const rows = listIn(result, "rows")?.map((row) => (Array.isArray(row) ? row.map(cellOf) : undefined));
  if (rows?.every((row) => row !== undefined) === true) return { rows };
  throw new StoreUnavailable("malformed", open, "a result has no rows");
}

/** A cell as the driver would give it. What is none of the kinds that are stored here is undefined, and fits nowhere. */
function cellOf(cell: unknown): unknown {
  const value = memberOf(cell, "value");
  switch (memberOf(cell, "type")) {
    case "null":
      return null;
    case "integer":
      return typeof value === "string" ? Number(value) : undefined;
    case "text":
      return value;
    case "blob":
      return fromBase64(memberOf(cell, "base64"));
    default:
      return undefined;
  }
}

const CHUNK = 8192;

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** Padded or not, as servers have it. */
function fromBase64(text: unknown): ArrayBuffer | undefined {
  if (typeof text !== "string") return undefined;
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return undefined;
  }
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes.buffer;
}

function codeOf(error: unknown): string {
  const code = memberOf(error, "code");
  return typeof code === "string" ? code : "";
}

function listIn(value: unknown, name: string): readonly unknown[] | undefined {
  const list = memberOf(value, name);
  return Array.isArray(list) ? list : undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && name in value ? Reflect.get(value, name) : undefined;
}
