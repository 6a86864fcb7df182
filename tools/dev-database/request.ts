import type { SqlValue } from "./value.ts";

/** SQL text, or the number under which the stream has stored it. */
export type SqlReference = { readonly sql: string } | { readonly sqlId: number };

export interface NamedArgument {
  readonly name: string;
  readonly value: SqlValue;
}

export interface Statement {
  readonly text: SqlReference;
  readonly args: readonly SqlValue[];
  readonly namedArgs: readonly NamedArgument[];
  readonly wantRows: boolean;
}

/** When a step of a batch runs; `step` always names an earlier one. */
export type Condition =
  | { readonly type: "ok" | "error"; readonly step: number }
  | { readonly type: "not"; readonly cond: Condition }
  | { readonly type: "and" | "or"; readonly conds: readonly Condition[] }
  | { readonly type: "is_autocommit" };

export interface BatchStep {
  readonly condition: Condition | undefined;
  readonly statement: Statement;
}

export type StreamRequest =
  | { readonly type: "close" | "get_autocommit" }
  | { readonly type: "execute"; readonly statement: Statement }
  | { readonly type: "batch"; readonly steps: readonly BatchStep[] }
  | { readonly type: "sequence" | "describe"; readonly text: SqlReference }
  | { readonly type: "store_sql"; readonly sqlId: number; readonly sql: string }
  | { readonly type: "close_sql"; readonly sqlId: number };

export interface PipelineRequest {
  readonly baton: string | undefined;
  readonly requests: readonly StreamRequest[];
}

export type HranaVersion = 2 | 3;
