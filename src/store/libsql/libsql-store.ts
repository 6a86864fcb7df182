import type { InStatement, ResultSet } from "@libsql/client/web";
import type { Change, Commit, Query, Snapshot, Store } from "../store.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { commitStatements } from "./commit-statements.ts";
import type { Execute } from "./execute.ts";
import { readerOf } from "./reader.ts";

/** The store contract over libSQL: a load is one batch of SELECTs, a commit one batch that ends with the same. */
export function libsqlStore(execute: Execute): Store {
  return {
    async load<Q extends Query>(query: Q, signal: AbortSignal): Promise<Snapshot<Q>> {
      const reader = readerOf(query);
      const results = await execute(reader.statements, "read", signal);
      expectAnswers(results, reader.statements, "none");
      return reader.parse(results);
    },

    async commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal): Promise<Commit<Q>> {
      const reader = readerOf(query);
      const statements = commitStatements(change);
      const all = [...statements, ...reader.statements];
      const results = await execute(all, "write", signal);
      expectAnswers(results, all, "unknown");
      const snapshot = reader.parse(results.slice(statements.length));
      const revision = results[0]?.rows[0]?.["revision"];
      return typeof revision === "number" ? { won: true, revision, snapshot } : { won: false, snapshot };
    },
  };
}

function expectAnswers(
  results: readonly ResultSet[],
  statements: readonly InStatement[],
  outcome: "none" | "unknown",
): void {
  if (results.length !== statements.length) throw new StoreUnavailable("rubbish", outcome, "answers are missing");
}
