import type { InStatement, ResultSet } from "@libsql/client/web";
import type { AnySnapshot, Query, SecretView, Snapshot } from "../store.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { one, parseAudit, parseHead, parseKey, parsePath, parseState, parseStore, parseVersion } from "./parse-rows.ts";
import { reads } from "./read-statements.ts";
import { bind } from "./statement.ts";

/** The SELECTs that answer one query, and how their results become its snapshot. */
export interface Reader<Q extends Query> {
  readonly statements: readonly InStatement[];
  parse(results: readonly ResultSet[]): Snapshot<Q>;
}

export function readerOf<Q extends Query>(query: Q): Reader<Q> {
  const statements: InStatement[] = [];
  const ask = (statement: InStatement): ((results: readonly ResultSet[]) => ResultSet) => {
    const index = statements.push(statement) - 1;
    return (results) => results[index] ?? missing();
  };

  const store = ask(bind(reads.store, {}));
  const keys = ask(bind(reads.keys, {}));
  const secret = query.secret && secretReader(query.secret, ask);
  const paths = query.paths && ask(bind(reads.paths, query.paths));
  const audit = query.audit && ask(bind(reads.audit, query.audit));
  const replay = query.writeId === undefined ? undefined : ask(bind(reads.replay, { w: query.writeId }));

  return {
    statements,
    parse(results) {
      const { now, newest, ...row } = parseStore(store(results));
      const replayed = replay && one(replay(results));
      const snapshot: AnySnapshot = {
        now,
        store: row,
        newest,
        keys: keys(results).rows.map(parseKey),
        secret: secret?.(results),
        paths: paths?.(results).rows.map(parsePath),
        audit: audit?.(results).rows.map(parseAudit),
        replay: replayed && parseAudit(replayed),
      };
      // Each part is there exactly when the query asked for it, which is what the type says.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return snapshot as Snapshot<Q>;
    },
  };
}

function secretReader(
  asked: NonNullable<Query["secret"]>,
  ask: (statement: InStatement) => (results: readonly ResultSet[]) => ResultSet,
): (results: readonly ResultSet[]) => SecretView {
  const { path, version } = asked;
  const head = ask(bind(reads.head, { path }));
  const states = ask(bind(version === "current" ? reads.statesIfLapsed : reads.states, { path }));
  const tail = ask(bind(reads.tail, { resource: `secret:${path}` }));
  const row =
    version === "none"
      ? undefined
      : ask(
          version === "current"
            ? bind(reads.currentVersion, { path })
            : bind(reads.numberedVersion, { path, number: version }),
        );
  return (results) => {
    const found = states(results).rows.map(parseState);
    const newest = one(tail(results));
    return {
      head: parseHead(head(results)),
      states: version === "current" && found.length === 0 ? undefined : found,
      version: row && parseVersion(row(results)),
      tail: newest && parseAudit(newest),
    };
  };
}

function missing(): never {
  throw new StoreUnavailable("rubbish", "unknown", "answers are missing");
}
