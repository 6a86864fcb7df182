import type { UnavailableCause } from "../store-unavailable.ts";

/** What an error of the database means for the request. */
export interface ErrorMeaning {
  /**
   * - `"permanent"`: another attempt would fail too.
   * - `"passing"`: nothing was applied, and another attempt may succeed.
   * - `"unknown"`: another attempt may succeed, and a commit may have been applied.
   */
  readonly kind: "permanent" | "passing" | "unknown";
  readonly reason: UnavailableCause;
  /** What the operator should check. */
  readonly check?: string;
}

/** Who sends the error. `sqld` is the libSQL server (0.24), `replica` an sqld that forwards writes to its primary. */
type Sender = "development server" | "sqld" | "replica" | "proxy";

interface Entry extends ErrorMeaning {
  /** If set, the entry applies only to errors with such a text. */
  readonly text?: RegExp;
  readonly from: readonly Sender[];
}

export interface StatusEntry extends Entry {
  /** The first and the last status that the entry applies to. */
  readonly statuses: readonly [first: number, last: number];
}

export interface CodeEntry extends Entry {
  readonly codes: readonly string[];
  /** The transaction was rolled back even if COMMIT reports the error. */
  readonly isRolledBack?: true;
}

const TOKEN = "the database refused LIBSQL_AUTH_TOKEN: it is missing, wrong, expired or does not allow writes";
const URL = "there is no libSQL database at LIBSQL_URL";
const NO_DATABASE = `${URL}: it is misspelt, or the database was deleted`;
const BLOCKED = "the database is blocked: see its plan and its administration";
const ROW = "a value or row exceeds the database's limit (sqld: 5 MB): lower SPIKE_MAX_BODY_BYTES, or raise that limit";
const REQUEST = "a request exceeds a limit in front of the database: lower SPIKE_MAX_BODY_BYTES";
const ANSWER =
  "the answer or a row in it exceeds the database's limit (sqld: 10 MB and 5 MB), or too many large answers are under way";
const MIGRATE = "a table or column is missing: run the migrations";
const DAMAGED = "the database file is damaged: restore a backup";
const FOREIGN_TEXT = "a stored text is not UTF-8, so another program has written to this database";

/**
 * HTTP statuses other than 200. The first entry that fits applies.
 *
 * Their outcome for a commit is always unknown: a proxy may have replaced the answer to a commit that was applied.
 */
export const STATUSES: readonly StatusEntry[] = [
  // Following a redirect would hand the statements, with their values, to another host.
  {
    statuses: [300, 399],
    kind: "permanent",
    reason: "no_database",
    check: `${URL}, but a redirect, which is not followed`,
    from: ["proxy"],
  },
  { statuses: [400, 400], text: /Transaction timed-out/, kind: "unknown", reason: "busy", from: ["sqld"] },
  // The primary's error for the whole batch, without a reliable code.
  { statuses: [400, 400], text: /via RPC/, kind: "unknown", reason: "replica", from: ["replica"] },
  {
    statuses: [400, 400],
    text: /Namespace .* doesn't exist|Invalid (?:namespace|host header|path in URI)/,
    kind: "permanent",
    reason: "no_database",
    check: NO_DATABASE,
    from: ["sqld"],
  },
  { statuses: [400, 400], kind: "permanent", reason: "rejected", from: ["development server", "sqld"] },
  {
    statuses: [401, 401],
    kind: "permanent",
    reason: "unauthorized",
    check: TOKEN,
    from: ["development server", "sqld", "replica"],
  },
  { statuses: [402, 402], kind: "permanent", reason: "blocked", check: BLOCKED, from: ["proxy"] },
  {
    statuses: [403, 403],
    kind: "permanent",
    reason: "unauthorized",
    check: TOKEN,
    from: ["development server", "proxy"],
  },
  {
    statuses: [404, 404],
    kind: "permanent",
    reason: "no_database",
    check: NO_DATABASE,
    from: ["development server", "sqld", "replica"],
  },
  { statuses: [408, 408], kind: "unknown", reason: "status", from: ["proxy"] },
  { statuses: [413, 413], kind: "permanent", reason: "rejected", check: REQUEST, from: ["proxy"] },
  { statuses: [425, 425], kind: "unknown", reason: "status", from: ["proxy"] },
  // sqld: "Too many concurrent requests", above 128 waiting ones.
  { statuses: [429, 429], kind: "unknown", reason: "busy", from: ["sqld", "replica", "proxy"] },
  { statuses: [400, 499], kind: "permanent", reason: "no_database", check: URL, from: ["proxy"] },
  {
    statuses: [500, 500],
    text: /invalid utf-8/i,
    kind: "permanent",
    reason: "rejected",
    check: FOREIGN_TEXT,
    from: ["sqld"],
  },
  {
    statuses: [500, 500],
    text: /Operation was blocked/,
    kind: "permanent",
    reason: "blocked",
    check: BLOCKED,
    from: ["sqld"],
  },
  {
    statuses: [500, 599],
    kind: "unknown",
    reason: "status",
    from: ["development server", "sqld", "replica", "proxy"],
  },
];

const ALL: readonly Sender[] = ["development server", "sqld"];
const PERMANENT = { kind: "permanent", reason: "rejected" } as const;

/**
 * Codes of errors in an answer with status 200: of the batch, or of one of its steps. The first entry that fits applies.
 *
 * sqld reports SQLite's base codes. For SQLite's generic error it reports `SQL_INPUT_ERROR` if SQLite names a place in the SQL,
 * otherwise `SQLITE_UNKNOWN`. The development server reports `SQLITE_ERROR`.
 */
export const CODES: readonly CodeEntry[] = [
  { codes: ["SQLITE_BUSY", "SQLITE_LOCKED"], kind: "passing", reason: "busy", from: ALL },
  // Another client has written a row of this name: the next snapshot shows it.
  { codes: ["SQLITE_CONSTRAINT"], text: /UNIQUE constraint failed/, kind: "passing", reason: "busy", from: ALL },
  { codes: ["SQLITE_CONSTRAINT"], ...PERMANENT, from: ALL },
  {
    codes: ["SQLITE_ERROR", "SQLITE_UNKNOWN", "SQL_INPUT_ERROR"],
    text: /no such (?:table|column)|has no column named/,
    kind: "permanent",
    reason: "not_migrated",
    check: MIGRATE,
    from: ALL,
  },
  { codes: ["SQLITE_ERROR", "SQLITE_UNKNOWN", "SQL_INPUT_ERROR"], ...PERMANENT, from: ALL },
  { codes: ["SQLITE_TOOBIG"], kind: "permanent", reason: "too_large", check: ROW, from: ALL },
  {
    codes: ["ARGS_INVALID"],
    text: /too big/,
    kind: "permanent",
    reason: "too_large",
    check: ROW,
    from: ["sqld"],
  },
  { codes: ["ARGS_INVALID"], ...PERMANENT, from: ALL },
  // Rolled back. The server also sends this code if its answers to all clients together are too large.
  { codes: ["RESPONSE_TOO_LARGE"], kind: "permanent", reason: "answer_too_large", check: ANSWER, from: ["sqld"] },
  // The lock was held for more than 5 s and taken away, or there are too many transactions.
  {
    codes: ["TRANSACTION_TIMEOUT", "TRANSACTION_BUSY"],
    kind: "passing",
    reason: "busy",
    isRolledBack: true,
    from: ["sqld"],
  },
  // Stands for every error of the primary, BUSY and CONSTRAINT included.
  { codes: ["PROXY_ERROR"], kind: "unknown", reason: "replica", from: ["replica"] },
  { codes: ["BLOCKED"], kind: "permanent", reason: "blocked", check: BLOCKED, from: ["sqld"] },
  {
    codes: ["SQLITE_FULL"],
    ...PERMANENT,
    check: "the disk is full, or the database has reached its size limit",
    from: ALL,
  },
  { codes: ["SQLITE_READONLY"], ...PERMANENT, check: "the database is read-only", from: ALL },
  { codes: ["SQLITE_CORRUPT", "SQLITE_NOTADB"], ...PERMANENT, check: DAMAGED, from: ALL },
  {
    codes: [
      "SQLITE_ABORT",
      "SQLITE_CANTOPEN",
      "SQLITE_INTERRUPT",
      "SQLITE_IOERR",
      "SQLITE_NOMEM",
      "SQLITE_PROTOCOL",
      "SQLITE_SCHEMA",
    ],
    kind: "passing",
    reason: "busy",
    from: ALL,
  },
  // What remains are faults of the statements or of the server.
  {
    codes: [
      "SQLITE_AUTH",
      "SQLITE_INTERNAL",
      "SQLITE_MISMATCH",
      "SQLITE_MISUSE",
      "SQLITE_NOLFS",
      "SQLITE_NOTFOUND",
      "SQLITE_PERM",
      "SQLITE_RANGE",
    ],
    ...PERMANENT,
    from: ALL,
  },
  {
    codes: ["SQL_NO_STATEMENT", "SQL_MANY_STATEMENTS", "ARGS_BOTH_POSITIONAL_AND_NAMED"],
    ...PERMANENT,
    from: ALL,
  },
  { codes: ["SQL_PARSE_ERROR", "SQL_STORE_TOO_MANY", "SQL_STORE_TOO_LARGE"], ...PERMANENT, from: ["sqld"] },
];

/** Node's codes of a TLS handshake that failed. Workers report every network error in the same way. */
const TLS_FAILURE = /^(?:CERT_|DEPTH_ZERO_|ERR_SSL_|ERR_TLS_|HOSTNAME_|INVALID_|SELF_SIGNED_|UNABLE_TO_)|^EPROTO$/;
const NO_TLS = "the TLS certificate of LIBSQL_URL is not trusted, or the server does not speak TLS";
const NO_ANSWER = "no answer from LIBSQL_URL";

const UNKNOWN_STATUS: ErrorMeaning = { kind: "unknown", reason: "status" };
const UNKNOWN_CODE: CodeMeaning = { kind: "unknown", reason: "malformed" };

/** @param text the body */
export function meaningOfStatus(status: number, text: string): ErrorMeaning {
  const fits = ({ statuses: [first, last], text: pattern }: StatusEntry): boolean =>
    first <= status && status <= last && (pattern === undefined || pattern.test(text));
  return STATUSES.find(fits) ?? UNKNOWN_STATUS;
}

type CodeMeaning = ErrorMeaning & Pick<CodeEntry, "isRolledBack">;

/** @param options `isLoad`: the failed statement is a load */
export function meaningOfCode(code: string, text: string, { isLoad }: { readonly isLoad: boolean }): CodeMeaning {
  // Extended codes of SQLite, such as SQLITE_CONSTRAINT_UNIQUE, mean what their base code means.
  const base = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code;
  const fits = ({ codes, text: pattern }: CodeEntry): boolean =>
    codes.includes(base) && (pattern === undefined || pattern.test(text));
  const meaning = CODES.find(fits) ?? UNKNOWN_CODE;
  return isLoad && meaning.reason === "too_large"
    ? { kind: meaning.kind, reason: "answer_too_large", check: ANSWER }
    : meaning;
}

/** A request without an answer: DNS, a refused or reset connection, TLS. @param code Node's code, if there is one */
export function meaningOfNetworkError(code: string | undefined): ErrorMeaning {
  return code !== undefined && TLS_FAILURE.test(code)
    ? { kind: "permanent", reason: "certificate", check: NO_TLS }
    : { kind: "unknown", reason: "connection", check: NO_ANSWER };
}
