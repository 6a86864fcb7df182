/**
 * The part of Hrana over HTTP in JSON that `@libsql/client` uses.
 * https://github.com/tursodatabase/libsql/blob/main/docs/HTTP_V2_SPEC.md
 */

export type Value =
  | { readonly type: "null" }
  | { readonly type: "integer"; readonly value: string }
  | { readonly type: "float"; readonly value: number }
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "blob"; readonly base64: string };

/** SQL text, or the number under which the stream stored it. */
export interface SqlReference {
  readonly sql?: string | null;
  readonly sql_id?: number | null;
}

export interface Statement extends SqlReference {
  readonly args?: readonly Value[] | null;
  readonly named_args?: readonly { readonly name: string; readonly value: Value }[] | null;
  readonly want_rows?: boolean | null;
}

/** `ok` and `error` refer to an earlier step. A step that was skipped is neither. */
export type Condition =
  | { readonly type: "ok" | "error"; readonly step: number }
  | { readonly type: "not"; readonly cond: Condition }
  | { readonly type: "and" | "or"; readonly conds: readonly Condition[] }
  | { readonly type: "is_autocommit" };

export interface BatchStep {
  readonly condition?: Condition | null;
  readonly stmt: Statement;
}

/** A request that runs SQL. */
export type ProgramRequest =
  | { readonly type: "execute"; readonly stmt: Statement }
  | { readonly type: "batch"; readonly batch: { readonly steps: readonly BatchStep[] } }
  | ({ readonly type: "sequence" } & SqlReference);

export type StreamRequest =
  | ProgramRequest
  | { readonly type: "store_sql"; readonly sql_id: number; readonly sql: string }
  | { readonly type: "close_sql"; readonly sql_id: number }
  | { readonly type: "close" };

export interface Pipeline {
  readonly baton?: string | null;
  readonly requests: readonly StreamRequest[];
}

export interface StatementResult {
  readonly cols: readonly { readonly name: string; readonly decltype: string | null }[];
  readonly rows: readonly (readonly Value[])[];
  readonly affected_row_count: number;
  readonly last_insert_rowid: string | null;
}

export interface BatchResult {
  readonly step_results: readonly (StatementResult | null)[];
  readonly step_errors: readonly (HranaError | null)[];
}

/** `code` is SQLite's name of the error where SQLite failed. */
export interface HranaError {
  readonly message: string;
  readonly code: string;
}

export type StreamResult =
  | {
      readonly type: "ok";
      readonly response: { readonly type: StreamRequest["type"]; readonly result?: StatementResult | BatchResult };
    }
  | { readonly type: "error"; readonly error: HranaError };
