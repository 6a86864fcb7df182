import type { InStatement, ResultSet } from "@libsql/client/web";
import type { AuditRow, Bytes } from "../rows.ts";
import type { AnySnapshot, AuditQuery, BundleView, Outdated, PolicyView, Query, SecretView } from "../store.ts";
import type { Snapshot } from "../store.ts";
import { StoreUnavailable } from "../store-unavailable.ts";
import { one, parseAudit, parseBundle, parseHead, parseKey, parseKeyCount, parseKeyUse } from "./parse-rows.ts";
import {
  parsePath,
  parsePathState,
  parsePolicy,
  parseSecret,
  parseState,
  parseStore,
  parseVersion,
} from "./parse-rows.ts";
import { reads } from "./read-statements.ts";
import { bind, type Statement, type Values } from "./statement.ts";

/** The SELECTs that answer one query, and how their results become its snapshot. */
export interface Reader<Q extends Query> {
  readonly statements: readonly InStatement[];
  parse(results: readonly ResultSet[]): Snapshot<Q>;
}

export function readerOf<Q extends Query>(query: Q): Reader<Q> {
  const statements: InStatement[] = [];
  const ask: Ask = (statement) => {
    const index = statements.push(statement) - 1;
    return (results) => results[index] ?? missing();
  };

  const store = ask(bind(reads.store, {}));
  const keys = ask(bind(reads.keys, {}));
  const guard = guardOf(query);
  const trust = query.trust && bundleReader([bind(reads.trust, guard), bind(reads.trustTail, guard)], ask);
  const secret = query.secret && secretReader(query.secret, guard, ask);
  const paths = query.paths && ask(pathsStatement(query.paths, guard));
  const grants = query.grants && policiesReader(reads.grants, { ...tagValues(query.grants), ...guard }, ask);
  const identityGrants =
    query.identityGrants && policiesReader(reads.identityGrants, { ...tagValues(query.identityGrants), ...guard }, ask);
  const policy = query.policy && policyReader(query.policy.name, guard, ask);
  const policies = query.policies && policiesReader(reads.policies, { ...query.policies, ...guard }, ask);
  const bundle =
    query.bundle && bundleReader([bind(reads.bundle, query.bundle), bind(reads.bundleTail, query.bundle)], ask);
  const bundles = query.bundles && bundlesReader({ rows: reads.bundles, tails: reads.bundleTails }, query.bundles, ask);
  const audit = query.audit && ask(auditStatement(query.audit));
  const auditContext =
    query.auditContext && ask(bind(reads.auditContext, { aboveFloor: false, ...query.auditContext }));
  const chain = query.chain && ask(bind(reads.tail, { ...query.chain, ...guard }));
  const keyUse = query.keyUse && ask(bind(reads.keyUse, {}));
  const keyCounts = query.keyCounts && ask(bind(reads.keyCounts, {}));
  const outdatedSecrets = query.outdatedSecrets && outdatedSecretsReader(query.outdatedSecrets, ask);
  const outdatedPolicies =
    query.outdatedPolicies && policiesReader(reads.outdatedPolicies, outdatedValues(query.outdatedPolicies), ask);
  const outdatedBundles =
    query.outdatedBundles && bundlesReader(reads.outdatedBundles, outdatedValues(query.outdatedBundles), ask);
  const outdatedDeletions =
    query.outdatedDeletions && ask(bind(reads.outdatedDeletions, outdatedValues(query.outdatedDeletions)));
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
        grants: grants?.(results),
        identityGrants: identityGrants?.(results),
        policy: policy?.(results),
        policies: policies?.(results),
        trust: trust?.(results),
        bundle: bundle?.(results),
        bundles: bundles?.(results),
        audit: audit?.(results).rows.map(parseAudit),
        auditContext: auditContext?.(results).rows.map(parseAudit),
        chain: chain && { tail: newestOf(chain(results)) },
        keyUse: keyUse?.(results).rows.map(parseKeyUse),
        keyCounts: keyCounts?.(results).rows.map(parseKeyCount),
        outdatedSecrets: outdatedSecrets?.(results),
        outdatedPolicies: outdatedPolicies?.(results),
        outdatedBundles: outdatedBundles?.(results),
        outdatedDeletions: outdatedDeletions?.(results).rows.map(parseAudit),
        replay: replayed && parseAudit(replayed),
      };
      // Each part is there exactly when the query asked for it, which is what the type says.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      return snapshot as Snapshot<Q>;
    },
  };
}

/** Adds a statement to the batch, and finds its result in the answer. */
type Ask = (statement: InStatement) => (results: readonly ResultSet[]) => ResultSet;

function secretReader(
  asked: NonNullable<Query["secret"]>,
  guard: Values,
  ask: Ask,
): (results: readonly ResultSet[]) => SecretView {
  const { path, version } = asked;
  const head = ask(bind(reads.head, { path, ...guard }));
  const states = ask(bind(version === "current" ? reads.statesIfLapsed : reads.states, { path, ...guard }));
  const tail = ask(bind(reads.tail, { resource: `secret:${path}`, ...guard }));
  const row =
    version === "none"
      ? undefined
      : ask(
          version === "current"
            ? bind(reads.currentVersion, { path, ...guard })
            : bind(reads.numberedVersion, { path, number: version, ...guard }),
        );
  return (results) => {
    const found = states(results).rows.map(parseState);
    return {
      head: parseHead(head(results)),
      states: version === "current" && found.length === 0 ? undefined : found,
      version: row && parseVersion(row(results)),
      tail: newestOf(tail(results)),
    };
  };
}

function policyReader(name: string, guard: Values, ask: Ask): (results: readonly ResultSet[]) => PolicyView {
  const row = ask(bind(reads.policy, { name, ...guard }));
  const tail = ask(bind(reads.tail, { resource: `policy:${name}`, ...guard }));
  return (results) => {
    const found = one(row(results));
    return { row: found && parsePolicy(found), tail: newestOf(tail(results)) };
  };
}

function policiesReader(
  { rows, tails }: { readonly rows: Statement; readonly tails: Statement },
  values: Values,
  ask: Ask,
): (results: readonly ResultSet[]) => readonly PolicyView[] {
  const found = ask(bind(rows, values));
  const newest = ask(bind(tails, values));
  return (results) => {
    const tails = byResource(newest(results));
    return found(results)
      .rows.map(parsePolicy)
      .map((row) => ({ row, tail: tails.get(`policy:${row.name}`) }));
  };
}

function bundleReader(
  [ofRow, ofTail]: readonly [InStatement, InStatement],
  ask: Ask,
): (results: readonly ResultSet[]) => BundleView {
  const row = ask(ofRow);
  const tail = ask(ofTail);
  return (results) => {
    const found = one(row(results));
    return { row: found && parseBundle(found), tail: newestOf(tail(results)) };
  };
}

function bundlesReader(
  page: { readonly rows: Statement; readonly tails: Statement },
  values: Values,
  ask: Ask,
): (results: readonly ResultSet[]) => readonly BundleView[] {
  const rows = ask(bind(page.rows, values));
  const tails = ask(bind(page.tails, values));
  return (results) => {
    const newest = byResource(tails(results));
    return rows(results)
      .rows.map(parseBundle)
      .map((row) => ({ row, tail: newest.get(`bundle:${row.trustDomain}`) }));
  };
}

function outdatedValues({ keyId, after, limit }: Outdated): Values {
  return { keyId, limit, afterKey: after.keyId, afterName: after.name };
}

function outdatedSecretsReader(asked: Outdated, ask: Ask): (results: readonly ResultSet[]) => readonly SecretView[] {
  const values = outdatedValues(asked);
  const heads = ask(bind(reads.outdatedSecrets.rows, values));
  const tails = ask(bind(reads.outdatedSecrets.tails, values));
  const states = ask(bind(reads.outdatedSecrets.states, values));
  return (results) => {
    const newest = byResource(tails(results));
    const versions = Map.groupBy(states(results).rows.map(parsePathState), ({ path }) => path);
    return heads(results)
      .rows.map(parseSecret)
      .map((head) => ({
        head,
        states: (versions.get(head.path) ?? []).map(({ state }) => state),
        version: undefined,
        tail: newest.get(`secret:${head.path}`),
      }));
  };
}

function byResource(result: ResultSet): ReadonlyMap<string, AuditRow> {
  return new Map(result.rows.map(parseAudit).map((entry) => [entry.resource, entry]));
}

function pathsStatement(asked: NonNullable<Query["paths"]>, guard: Values): InStatement {
  const { prefix, after, limit, within } = asked;
  if (within === undefined) return bind(reads.paths, { prefix, after, limit, ...guard });
  return bind(reads.pathsWithin, { prefix, after, limit, within: JSON.stringify(within), ...guard });
}

function auditStatement({ resource, ...asked }: AuditQuery): InStatement {
  const values = { upTo: null, aboveFloor: false, spiffeId: null, from: null, until: null, ...asked };
  return resource === undefined ? bind(reads.audit, values) : bind(reads.auditOf, { ...values, resource });
}

function tagValues(asked: {
  readonly idTags: readonly Bytes[];
  readonly pathTags?: readonly Bytes[];
  readonly limit: number;
}): Values {
  const { idTags, pathTags = [], limit } = asked;
  return { idTags: hexList(idTags), pathTags: hexList(pathTags), limit };
}

/** Whether anything is to be had at all: everything for those who are known and whom no policy restricts. */
function guardOf({ grants, trust }: Query): Values {
  return {
    trusted: trust === undefined,
    guardDomain: trust?.trustDomain ?? null,
    guardKey: trust?.keyId ?? null,
    open: grants === undefined,
    guardIds: hexList(grants?.idTags ?? []),
    guardPaths: hexList(grants?.pathTags ?? []),
  };
}

function hexList(tags: readonly Bytes[]): string {
  return JSON.stringify(tags.map((tag) => [...tag].map((byte) => byte.toString(16).padStart(2, "0")).join("")));
}

function newestOf(result: ResultSet): AuditRow | undefined {
  const row = one(result);
  return row && parseAudit(row);
}

function missing(): never {
  throw new StoreUnavailable("rubbish", "unknown", "answers are missing");
}
