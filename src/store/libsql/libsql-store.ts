import type { BulkStore, Change, Commit, CommitEach, Query, Snapshot, AnySnapshot } from "../store.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { commitStatements } from "./writes/commit-statements.ts";
import type { Execute, Result } from "./execute.ts";
import { type Load, loadOf } from "./load/load.ts";

/**
 * The versions of the schema that this code reads and writes. It accepts the next one too, so that the old and the new code can
 * serve together during a deployment: a migration to it must leave everything readable and writable for this code.
 */
const SCHEMA_VERSION = 2;
const NEXT_SCHEMA_VERSION = SCHEMA_VERSION + 1;

/**
 * The store contract over libSQL. A load is one SELECT. A commit is one batch, with such a SELECT as its last statement.
 *
 * @param execute runs statements on the primary, or on a server that forwards them there
 */
export function libsqlStore(execute: Execute, replica?: Execute): BulkStore {
  /** Runs commits and, behind them, a load. `conclude` gets the revision of each commit that won. */
  const commitAll = async <Q extends Query, T>(
    changes: readonly Change[],
    { query, load }: { readonly query: Q; readonly load: Load<Q> },
    signal: AbortSignal,
    conclude: (revisions: readonly (number | undefined)[], last: Result) => T,
  ): Promise<T> => {
    const commits = changes.map(commitStatements);
    const all = [...commits.flat(), load.statement];
    const results = await execute(all, "write", signal);
    return read("unknown", results, all.length, (last) => {
      let gate = 0;
      const revisions = commits.map((statements) => {
        const revision = wonRevision(results[gate]);
        gate += statements.length;
        return revision;
      });
      const newest = revisions.findLast((revision) => revision !== undefined);
      if (newest !== undefined) requireWin(known(load.winOf(last)), newest, query.writeId);
      return conclude(revisions, last);
    });
  };
  return {
    load: async (query, signal) => await loadFrom(execute, query, signal),
    replica: replica && { load: async (query, signal) => await loadFrom(replica, query, signal) },

    async commit<Q extends Query>(change: Change, query: Q, signal: AbortSignal): Promise<Commit<Q>> {
      const load = loadOf(query, { unlessWon: true });
      return await commitAll([change], { query, load }, signal, ([revision], last) =>
        revision === undefined ? { won: false, snapshot: known(load.snapshotOf(last)) } : { won: true, revision },
      );
    },

    async commitEach<Q extends Query>(
      changes: readonly Change[],
      query: Q,
      signal: AbortSignal,
    ): Promise<CommitEach<Q>> {
      const load = loadOf(query);
      return await commitAll(changes, { query, load }, signal, (revisions, last) => ({
        revisions,
        snapshot: known(load.snapshotOf(last)),
      }));
    },
  };
}

async function loadFrom<Q extends Query>(execute: Execute, query: Q, signal: AbortSignal): Promise<Snapshot<Q>> {
  const run = async (asked: Q): Promise<Snapshot<Q>> => {
    const load = loadOf(asked);
    const results = await execute([load.statement], "read", signal);
    return read("none", results, 1, (only) => known(load.snapshotOf(only)));
  };
  try {
    return await run(query);
  } catch (error) {
    const { grants } = query;
    if (!isTooLarge(error) || grants === undefined || grants.limit <= FEW_GRANTS) throw error;
    return await run({ ...query, grants: { ...grants, limit: FEW_GRANTS } });
  }
}

/**
 * This many policies always fit into one load. 1000 of ordinary size fit too. If 1000 larger ones do not fit, the load
 * is repeated with this limit, and `more` is true.
 */
const FEW_GRANTS = 200;

function isTooLarge(error: unknown): boolean {
  return error instanceof StoreUnavailable && error.reason === "answer_too_large";
}

/** Reads an answer. An unreadable one says as little about the outcome as no answer. */
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
  if (schemaVersion === SCHEMA_VERSION || schemaVersion === NEXT_SCHEMA_VERSION) return snapshot;
  const known = `this code knows ${SCHEMA_VERSION} and ${NEXT_SCHEMA_VERSION}`;
  throw new StoreUnavailable("schema", "unknown", `schema version ${schemaVersion}, ${known}`);
}

/** The revision that the gate returned, if it opened. */
function wonRevision(gate: Result | undefined): number | undefined {
  const [row, ...more] = gate?.rows ?? [];
  if (row === undefined) return undefined;
  const revision = row[0];
  if (typeof revision === "number" && more.length === 0) return revision;
  throw new StoreUnavailable("malformed", "unknown", "the gate returned no revision");
}

/** The load behind the commit must show the win: an answer to another request would not. */
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
