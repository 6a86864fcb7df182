import { describe, expect, it } from "vitest";
import type { StoreUnavailable } from "../store-unavailable.ts";
import { CODES, meaningOfCode, meaningOfStatus, STATUSES } from "./error-meaning.ts";
import { remoteExecute } from "./remote-execute.ts";

const DONE = { cols: [], rows: [], affected_row_count: 0, last_insert_rowid: null };
const CLOSED = { type: "ok", response: { type: "close" } };
const ERROR_OF_SQLD = (error: string) => JSON.stringify({ error });
const ERROR_OF_HRANA = (code: string, message = "m") => JSON.stringify({ message, code });

/** Runs a statement, or a write of one statement and a load, against a server that answers with `response`. */
async function failureOf(mode: "read" | "write", response: Response): Promise<StoreUnavailable> {
  const run = remoteExecute({ url: "https://db.example", authToken: "t" }, async () => await Promise.resolve(response));
  const statement = { sql: "SELECT 1", args: [] };
  const statements = mode === "read" ? [statement] : [statement, statement];
  return await run(statements, mode, new AbortController().signal).then(
    () => expect.unreachable(),
    (error: StoreUnavailable) => error,
  );
}

const kindOf = ({ isPassing, outcome }: StoreUnavailable) =>
  isPassing ? (outcome === "unknown" ? "unknown" : "passing") : "permanent";

type StatusCase = readonly [number, string, "permanent" | "unknown", string, RegExp?];
const STATUS_CASES: readonly StatusCase[] = [
  [301, "", "permanent", "no_database", /LIBSQL_URL.*redirect/],
  [302, "<html>", "permanent", "no_database", /redirect/],
  [307, "", "permanent", "no_database", /redirect/],
  [308, "", "permanent", "no_database", /redirect/],
  [400, ERROR_OF_SQLD("Transaction timed-out"), "unknown", "busy"],
  [400, ERROR_OF_SQLD("Failed to execute query via RPC. Error code: 2, message: busy"), "unknown", "replica"],
  [400, ERROR_OF_SQLD("Namespace `x` doesn't exist"), "permanent", "no_database", /LIBSQL_URL.*deleted/],
  [400, ERROR_OF_SQLD("Invalid host header: `x`"), "permanent", "no_database", /LIBSQL_URL/],
  [400, "Could not parse the baton", "permanent", "rejected"],
  [400, ERROR_OF_HRANA("MALFORMED_REQUEST"), "permanent", "rejected"],
  [401, ERROR_OF_SQLD("Unauthorized: `The JWT is invalid`"), "permanent", "unauthorized", /LIBSQL_AUTH_TOKEN.*wrong/],
  [401, ERROR_OF_SQLD("Unauthorized: `The JWT has expired`"), "permanent", "unauthorized", /expired/],
  [401, ERROR_OF_SQLD("Unauthorized: `Authentication is required`"), "permanent", "unauthorized", /missing/],
  [401, ERROR_OF_SQLD("Not authorized to execute query: x"), "permanent", "unauthorized", /does not allow writes/],
  [401, ERROR_OF_HRANA("UNAUTHORIZED"), "permanent", "unauthorized", /LIBSQL_AUTH_TOKEN/],
  [402, "", "permanent", "blocked", /plan/],
  [403, "", "permanent", "unauthorized", /LIBSQL_AUTH_TOKEN/],
  [404, ERROR_OF_SQLD("Namespace `x` doesn't exist"), "permanent", "no_database", /LIBSQL_URL.*deleted/],
  [404, "<html>", "permanent", "no_database", /LIBSQL_URL/],
  [405, "", "permanent", "no_database", /LIBSQL_URL/],
  [408, "", "unknown", "status"],
  [410, "", "permanent", "no_database", /LIBSQL_URL/],
  [413, "", "permanent", "rejected", /SPIKE_MAX_BODY_BYTES/],
  [421, "", "permanent", "no_database", /LIBSQL_URL/],
  [425, "", "unknown", "status"],
  [429, ERROR_OF_SQLD("Too many concurrent requests"), "unknown", "busy"],
  [429, "", "unknown", "busy"],
  [500, ERROR_OF_SQLD("invalid utf-8 sequence of 1 bytes from index 0"), "permanent", "rejected", /not UTF-8/],
  [500, ERROR_OF_SQLD("Operation was blocked: unpaid"), "permanent", "blocked", /plan/],
  [500, ERROR_OF_SQLD("Connection with primary broken"), "unknown", "status"],
  [500, ERROR_OF_HRANA("SQLITE_ERROR"), "unknown", "status"],
  [501, "", "unknown", "status"],
  [502, "<html>", "unknown", "status"],
  [503, ERROR_OF_SQLD("Timed out while opening database connection"), "unknown", "status"],
  [504, "", "unknown", "status"],
  [530, "", "unknown", "status"],
];

describe("an HTTP status", () => {
  it.each(
    STATUS_CASES.map(([status, body, kind, reason, check = /^HTTP \d+$/]) => ({ status, body, kind, reason, check })),
  )("$status with $body is $kind: $reason (Q14, Q51)", async ({ status, body, kind, reason, check }) => {
    const write = await failureOf("write", new Response(body, { status }));
    const read = await failureOf("read", new Response(body, { status }));
    for (const failure of [read, write]) {
      expect(failure).toMatchObject({ reason, detail: expect.stringMatching(check) });
      expect(failure.detail).toMatch(new RegExp(`^HTTP ${status}\\b`));
      expect(failure.isPassing).toBe(kind === "unknown");
    }
    // A proxy may have replaced the answer to a commit.
    expect([read.outcome, write.outcome]).toEqual(["none", "unknown"]);
  });

  it("has a case for each entry", () => {
    const hit = STATUS_CASES.map(([status, body]) => meaningOfStatus(status, body));
    expect(STATUSES.filter((entry) => !hit.includes(entry))).toEqual([]);
  });

  it.each([
    ["7", 7000],
    ["0", 0],
    ["", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["99999999999", undefined],
    ["Fri, 31 Dec 1999 23:59:59 GMT", undefined],
  ])("with Retry-After %j requires a pause of %s ms (Q51)", async (header, retryAfterMs) => {
    for (const status of [429, 503]) {
      const response = new Response("", { status, headers: { "retry-after": header } });
      expect((await failureOf("write", response)).retryAfterMs).toBe(retryAfterMs);
    }
  });

  it.each([
    ["3", true],
    ["4", false],
    ["3600", false],
  ])("429 with Retry-After %s is retried: %s (Q51)", async (header, isPassing) => {
    const response = new Response("", { status: 429, headers: { "retry-after": header } });
    expect((await failureOf("read", response)).isPassing).toBe(isPassing);
  });
});

type Shape = "read" | "batch" | "BEGIN" | "statement" | "load" | "COMMIT";
const STEPS: readonly Shape[] = ["BEGIN", "statement", "load", "COMMIT"];

/** An answer in which that part failed. */
function answerOf(shape: Shape, code: string, message: string): Response {
  const error = { message, code };
  const failed = STEPS.indexOf(shape);
  const batch = {
    step_results: [...STEPS.map((_, index) => (index < failed ? DONE : null)), DONE],
    step_errors: [...STEPS.map((_, index) => (index === failed ? error : null)), null],
  };
  const result = failed < 0 ? { type: "error", error } : { type: "ok", response: { type: "batch", result: batch } };
  return Response.json({ baton: null, base_url: null, results: [result, CLOSED] });
}

const kindAt = async (shape: Shape, code: string, message = "m") => {
  const failure = await failureOf(shape === "read" ? "read" : "write", answerOf(shape, code, message));
  const { reason, outcome, detail } = failure;
  return { reason, outcome, detail, kind: kindOf(failure) };
};

const PERMANENT_CODES = [
  "SQLITE_FULL",
  "SQLITE_READONLY",
  "SQLITE_CORRUPT",
  "SQLITE_NOTADB",
  "SQLITE_AUTH",
  "SQLITE_INTERNAL",
  "SQLITE_MISMATCH",
  "SQLITE_MISUSE",
  "SQLITE_NOLFS",
  "SQLITE_NOTFOUND",
  "SQLITE_PERM",
  "SQLITE_RANGE",
  "SQLITE_ERROR",
  "SQLITE_UNKNOWN",
  "SQL_INPUT_ERROR",
  "SQL_PARSE_ERROR",
  "SQL_NO_STATEMENT",
  "SQL_MANY_STATEMENTS",
  "SQL_STORE_TOO_MANY",
  "SQL_STORE_TOO_LARGE",
  "ARGS_INVALID",
  "ARGS_BOTH_POSITIONAL_AND_NAMED",
];
const PASSING_CODES = [
  "SQLITE_BUSY",
  "SQLITE_BUSY_SNAPSHOT",
  "SQLITE_LOCKED",
  "SQLITE_ABORT",
  "SQLITE_CANTOPEN",
  "SQLITE_INTERRUPT",
  "SQLITE_IOERR",
  "SQLITE_NOMEM",
  "SQLITE_PROTOCOL",
  "SQLITE_SCHEMA",
];

type CodeCase = readonly [string, string, "permanent" | "passing" | "unknown", string, RegExp?];
const CODE_CASES: readonly CodeCase[] = [
  ...PERMANENT_CODES.map((code) => [code, "m", "permanent", "rejected", new RegExp(`^${code}`)] as const),
  ...PASSING_CODES.map((code) => [code, "m", "passing", "busy"] as const),
  ["SQLITE_CONSTRAINT", "SQLite error: UNIQUE constraint failed: audit.write_id", "passing", "busy"],
  ["SQLITE_CONSTRAINT_PRIMARYKEY", "UNIQUE constraint failed: secrets.path", "passing", "busy"],
  ["SQLITE_CONSTRAINT", "SQLite error: NOT NULL constraint failed: audit.mac", "permanent", "rejected"],
  ["SQLITE_CONSTRAINT", "SQLite error: CHECK constraint failed: store_is_one_row", "permanent", "rejected"],
  ["SQLITE_ERROR", "SQLite error: no such table: store", "permanent", "not_migrated", /run the migrations/],
  ["SQLITE_UNKNOWN", "SQLite error: no such column: x", "permanent", "not_migrated", /run the migrations/],
  [
    "SQL_INPUT_ERROR",
    "SQL input error: no such table: store (at offset 20)",
    "permanent",
    "not_migrated",
    /migrations/,
  ],
  ["SQL_INPUT_ERROR", "SQL input error: table audit has no column named x", "permanent", "not_migrated", /migrations/],
  ["SQL_INPUT_ERROR", 'SQL input error: near "X": syntax error', "permanent", "rejected"],
  ["RESPONSE_TOO_LARGE", "Response is too large", "permanent", "answer_too_large", /10 MB/],
  ["TRANSACTION_TIMEOUT", "Transaction timed out", "passing", "busy"],
  ["TRANSACTION_BUSY", "Server cannot handle additional transactions", "passing", "busy"],
  ["PROXY_ERROR", "error executing a request on the primary: database is locked", "unknown", "replica"],
  ["BLOCKED", "Operation was blocked: unpaid", "permanent", "blocked", /plan/],
  ["HRANA_PROTO_ERROR", "m", "unknown", "malformed"],
  ["A_CODE_OF_TOMORROW", "m", "unknown", "malformed"],
  ["", "m", "unknown", "malformed", /unknown code/],
];

describe("a code", () => {
  it.each(CODE_CASES.map(([code, message, kind, reason, check]) => ({ code, message, kind, reason, check })))(
    "$code with the message $message is $kind: $reason (Q14, Q51)",
    async ({ code, message, kind, reason, check }) => {
      const expected = { reason, detail: expect.stringMatching(check ?? new RegExp(`^${code}$`)) };
      for (const shape of ["batch", "BEGIN", "statement", "load"] as const) {
        expect(await kindAt(shape, code, message), shape).toMatchObject({ ...expected, kind });
      }
      const read = await kindAt("read", code, message);
      expect(read).toMatchObject({ ...expected, outcome: "none", kind: kind === "permanent" ? kind : "passing" });
    },
  );

  it.each([
    ["SQLITE_TOOBIG", "SQLite error: string or blob too big"],
    ["ARGS_INVALID", "Arguments do not match SQL parameters: string or blob too big"],
  ])("%s is too_large for what is stored, and answer_too_large for what is loaded (Q51)", async (code, message) => {
    const row = { kind: "permanent", outcome: "none", detail: expect.stringContaining("SPIKE_MAX_BODY_BYTES") };
    expect(await kindAt("statement", code, message)).toMatchObject({ ...row, reason: "too_large" });
    for (const shape of ["read", "load"] as const) {
      const loaded = await kindAt(shape, code, message);
      expect(loaded, shape).toMatchObject({ kind: "permanent", outcome: "none", reason: "answer_too_large" });
      expect(loaded.detail).not.toContain("SPIKE_MAX_BODY_BYTES");
    }
  });

  it.each([
    ["SQLITE_BUSY", "unknown"],
    ["SQLITE_IOERR", "unknown"],
    ["PROXY_ERROR", "unknown"],
    ["A_CODE_OF_TOMORROW", "unknown"],
    ["TRANSACTION_TIMEOUT", "passing"],
    ["TRANSACTION_BUSY", "passing"],
  ])("%s of COMMIT is %s: only a lock that was taken away proves a rollback (Q51)", async (code, kind) => {
    expect(await kindAt("COMMIT", code)).toMatchObject({ kind });
  });

  it.each(["SQLITE_FULL", "SQLITE_ERROR", "SQLITE_READONLY"])(
    "%s of COMMIT is permanent and leaves the outcome unknown (Q51)",
    async (code) => {
      expect(await kindAt("COMMIT", code)).toMatchObject({ kind: "permanent", outcome: "unknown" });
    },
  );

  it("has a case for each entry and each code", () => {
    const tooBig = [
      ["SQLITE_TOOBIG", ""],
      ["ARGS_INVALID", "too big"],
    ] as const;
    const cases = [...CODE_CASES.map(([code, message]) => [code, message] as const), ...tooBig];
    const hit = cases.map(([code, message]) => meaningOfCode(code, message, { isLoad: false }));
    expect(CODES.filter((entry) => !hit.includes(entry))).toEqual([]);
    const listed = new Set(CODES.flatMap(({ codes }) => codes));
    expect([...listed].filter((code) => !cases.some(([each]) => each === code))).toEqual([]);
  });
});

describe("the table of errors", () => {
  it.each([...STATUSES, ...CODES])("has a reason of its kind: $statuses$codes", ({ kind, reason }) => {
    const retried = ["status", "busy", "replica"];
    expect(retried.includes(reason)).toBe(kind !== "permanent");
  });

  it("never takes texts of the server into a detail", async () => {
    const message = "no such table: canary; invalid utf-8; UNIQUE constraint failed";
    const details = [
      await failureOf("read", new Response(message, { status: 500 })),
      await kindAt("statement", "SQLITE_ERROR", message),
      await kindAt("read", "see: canary", message),
    ].map(({ detail }) => detail);
    expect(details.join()).not.toContain("canary");
  });
});

describe("a request without an answer", () => {
  const connection = /^E[A-Z_]+: no answer from LIBSQL_URL$/;
  const certificate = /certificate of LIBSQL_URL/;

  it.each([
    ["ECONNREFUSED", "connection", true, connection],
    ["ENOTFOUND", "connection", true, connection],
    ["EAI_AGAIN", "connection", true, connection],
    ["ECONNRESET", "connection", true, connection],
    ["UND_ERR_SOCKET", "connection", true, /^UND_ERR_SOCKET: no answer/],
    ["canary: quotes the URL", "connection", true, /^network error: no answer/],
    [undefined, "connection", true, /^network error: no answer/],
    ["CERT_HAS_EXPIRED", "certificate", false, certificate],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate", false, certificate],
    ["SELF_SIGNED_CERT_IN_CHAIN", "certificate", false, certificate],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "certificate", false, certificate],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate", false, certificate],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "certificate", false, certificate],
  ] as const)("with Node's code %s is %s, retried: %s (Q51)", async (code, reason, isPassing, detail) => {
    const cause = Object.assign(new Error("canary"), code !== undefined && { code });
    const refused = async () => await Promise.reject(new TypeError("fetch failed: canary", { cause }));
    const run = remoteExecute({ url: "https://db.example" }, refused);
    for (const [mode, outcome] of [
      ["read", "none"],
      ["write", "unknown"],
    ] as const) {
      await expect(run([{ sql: "X", args: [] }], mode, new AbortController().signal)).rejects.toMatchObject({
        reason,
        outcome,
        isPassing,
        detail: expect.stringMatching(detail),
      });
    }
  });
});
