import type { AnySnapshot, BulkStore, Change, Commit, CommitEach, Query, Snapshot } from "../store.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { commitStatements } from "./commit-statements.ts";
import type { Execute, Result } from "./execute.ts";
import { type Reader, readerOf } from "./reader.ts";

/** The version of the schema that this code reads and writes. */
const SCHEMA_VERSION = 1;

/** The store contract over libSQL: a load is one SELECT, a commit one batch that ends with one. */
export function libsqlStore(execute: Execute): BulkStore {
  /** Carries out commits and, behind them, a load. `tell`: what is made of its result, and of who has won. */
  const carryOut = async <Q extends Query, T>(
    changes: readonly Change[],
    { query, reader }: { readonly query: Q; readonly reader: Reader<Q> },
    signal: AbortSignal,
    tell: (revisions: readonly (number | undefined)[], last: Result) => T,
  ): Promise<T> => {
    const commits = changes.map(commitStatements);
    const all = [...commits.flat(), reader.statement];
    const results = await execute(all, "write", signal);
    return read("unknown", results, all.length, (last) => {
      let gate = 0;
      const revisions = commits.map((statements) => {
        const revision = wonRevision(results[gate]);
        gate += statements.length;
        return revision;
      });
      const newest = revisions.findLast((revision) => revision !== undefined);
      if (newest !== undefined) requireWin(known(reader.parseWin(last)), newest, query.writeId);
      return tell(revisions, last);
    });
  };
  return {
    async load<Q extends Query>(query: Q, signal: AbortSignal): Promise<Snapshot<Q>> {
      const reader = readerOf(query);
      const results = await execute([reader.statement], "read", signal);
      return read("none", results, 1, (only) => known(reader.parse(only)));
    },

    async commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal): Promise<Commit<Q>> {
      const reader = readerOf(query, { unlessWon: true });
      return await carryOut([change], { query, reader }, signal, ([revision], last) =>
        revision === undefined ? { won: false, snapshot: known(reader.parse(last)) } : { won: true, revision },
      );
    },

    async commitEach<Q extends Query>(
      changes: readonly Change[],
      query: Q,
      signal: AbortSignal,
    ): Promise<CommitEach<Q>> {
      const reader = readerOf(query);
      return await carryOut(changes, { query, reader }, signal, (revisions, last) => ({
        revisions,
        snapshot: known(reader.parse(last)),
      }));
    },
  };
}

/** Reads an answer; one that cannot be read leaves the outcome as open as none at all. */
function read<T>(
  outcome: "none" | "unknown",
  results: readonly Result[],
  count: number,
  parse: (last: Result) => T,
): T {
  try {
    const last = results.at(-1);
    if (last === undefined || results.length !== count) {
      throw new StoreUnavailable("malformed", outcome, "answers are missing");
    }
    return parse(last);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    throw new StoreUnavailable(error.reason, outcome, error.detail);
  }
}

function known<S extends Pick<AnySnapshot, "store">>(snapshot: S): S {
  const { schemaVersion } = snapshot.store;
  if (schemaVersion === SCHEMA_VERSION) return snapshot;
  throw new StoreUnavailable("schema", "unknown", `schema version ${schemaVersion}, this code knows ${SCHEMA_VERSION}`);
}

/** The row that the gate returned, if it let this commit in. */
function wonRevision(gate: Result | undefined): number | undefined {
  const [row, ...more] = gate?.rows ?? [];
  if (row === undefined) return undefined;
  const revision = row[0];
  if (typeof revision === "number" && more.length === 0) return revision;
  throw new StoreUnavailable("malformed", "unknown", "the gate returned no revision");
}

/** What the same answer tells of the state afterwards has to agree: an answer to another request would not. */
function requireWin(
  snapshot: Pick<AnySnapshot, "store" | "replay">,
  revision: number,
  writeId: string | undefined,
): void {
  const { store, replay } = snapshot;
  const recorded = writeId === undefined || (replay?.writeId === writeId && replay.revision === revision);
  if (store.revision === revision && recorded) return;
  throw new StoreUnavailable("malformed", "unknown", "a commit was reported that its own snapshot does not show");
}
