import type { AuditRow, Bytes, PolicyRow, VersionRow, VersionState } from "../rows.ts";
import type { AnySnapshot, AuditQuery, BundleView, KeyCount, KeyUse, Outdated, PolicyView } from "../store.ts";
import type { Query, SecretView, Snapshot } from "../store.ts";
import type { State } from "./state.ts";

/** The state as a snapshot of what was asked for; shares nothing with it. */
export function readSnapshot<Q extends Query>(state: State, query: Q, now: number): Snapshot<Q> {
  const { grants, identityGrants } = query;
  const concerns = (row: PolicyRow): boolean =>
    grants !== undefined && has(grants.idTags, row.idTag) && has(grants.pathTags, row.pathTag);
  const unproved = query.trust !== undefined && !isProvable(state, query.trust);
  const hidden = unproved || (grants !== undefined && ![...state.policies.values()].some(concerns));
  const shown: State = hidden ? { ...state, secrets: new Map(), policies: new Map(), audit: [] } : state;
  const granting: State = unproved ? shown : state;
  const snapshot: AnySnapshot = {
    now,
    store: state.store,
    newest: state.audit.findLast((entry) => entry.revision === state.store.revision)?.mac ?? null,
    keys: state.keys.map((key) => ({
      ...key,
      hasPolicies: [...state.policies.values()].some(({ keyId }) => keyId === key.keyId),
    })),
    secret: query.secret && secretView(shown, query.secret, now),
    paths: query.paths && pathsOf(shown, query.paths),
    grants: grants && grantsOf(granting, grants.limit, concerns),
    identityGrants:
      identityGrants && grantsOf(granting, identityGrants.limit, (row) => has(identityGrants.idTags, row.idTag)),
    policy: query.policy && {
      row: shown.policies.get(query.policy.name),
      tail: tailOf(shown, `policy:${query.policy.name}`),
    },
    policies: query.policies && policiesOf(shown, query.policies),
    trust: query.trust && (unproved ? { row: undefined, tail: undefined } : bundleOf(state, query.trust.trustDomain)),
    bundle: query.bundle && bundleOf(state, query.bundle.trustDomain),
    bundles: query.bundles && bundlesOf(state, query.bundles),
    audit: query.audit && auditOf(state, query.audit),
    auditContext: query.auditContext && auditContextOf(state, query.auditContext),
    chain: query.chain && { tail: tailOf(shown, query.chain.resource) },
    keyUse: query.keyUse && keyUseOf(state),
    keyCounts: query.keyCounts && keyCountsOf(state),
    ...outdatedOf(state, query),
    replay: state.audit.find((entry) => entry.writeId === query.writeId),
  };
  // Each part is there exactly when the query asked for it, which is what the type says.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return structuredClone(snapshot) as Snapshot<Q>;
}

function bundleOf(state: State, trustDomain: string): BundleView {
  return { row: state.bundles.get(trustDomain), tail: tailOf(state, `bundle:${trustDomain}`) };
}

function bundlesOf(state: State, asked: NonNullable<Query["bundles"]>): readonly BundleView[] {
  return sorted(state.bundles.keys(), asked.after)
    .slice(0, asked.limit)
    .map((trustDomain) => bundleOf(state, trustDomain));
}

/** Whether the domain has a bundle, and the bundle has the key that is named. */
function isProvable(state: State, { trustDomain, keyId }: NonNullable<Query["trust"]>): boolean {
  const bundle = state.bundles.get(trustDomain)?.bundle;
  if (bundle === undefined || keyId === undefined) return bundle !== undefined;
  const { keys }: { readonly keys: readonly unknown[] } = JSON.parse(bundle);
  return keys.some((key) => typeof key === "object" && key !== null && "kid" in key && key.kid === keyId);
}

function secretView(state: State, asked: NonNullable<Query["secret"]>, now: number): SecretView {
  const found = state.secrets.get(asked.path);
  const versions = found?.versions ?? [];
  const until = found?.head.currentUntil ?? null;
  const lapsed = until !== null && until <= now;
  const highestLive = versions.findLast(
    (version) => version.destroyedAt === null && (version.deletedAt === null || version.deletedAt > now),
  );
  const current = lapsed ? highestLive?.number : found?.head.current;
  const number = asked.version === "current" ? current : asked.version;
  return {
    head: found?.head,
    states: asked.version === "current" && !lapsed ? undefined : versions.map(withoutValue),
    version: versions.find((version) => version.number === number),
    tail: tailOf(state, `secret:${asked.path}`),
  };
}

function withoutValue(version: VersionRow): VersionState {
  const { number, writeId, createdAt, deletedAt, destroyedAt } = version;
  return { number, writeId, createdAt, deletedAt, destroyedAt };
}

function tailOf(state: State, resource: string): AuditRow | undefined {
  return state.audit.findLast((entry) => entry.resource === resource);
}

function pathsOf(state: State, asked: NonNullable<Query["paths"]>): readonly string[] {
  const { prefix, after, within = [""], limit } = asked;
  return sorted(state.secrets.keys(), after)
    .filter((path) => path.startsWith(prefix) && within.some((start) => path.startsWith(start)))
    .slice(0, limit);
}

function has(tags: readonly Bytes[], tag: Bytes): boolean {
  return tags.some((candidate) => compareBytes(candidate, tag) === 0);
}

function grantsOf(state: State, limit: number, wanted: (row: PolicyRow) => boolean): readonly PolicyView[] {
  return [...state.policies.values()]
    .filter(wanted)
    .slice(0, limit)
    .map((row) => ({ row, tail: tailOf(state, `policy:${row.name}`) }));
}

function policiesOf(state: State, asked: NonNullable<Query["policies"]>): readonly PolicyView[] {
  return sorted(state.policies.keys(), asked.after)
    .slice(0, asked.limit)
    .map((name) => ({ row: state.policies.get(name), tail: tailOf(state, `policy:${name}`) }));
}

function auditOf(state: State, asked: AuditQuery): readonly AuditRow[] {
  const { after, upTo = Infinity, resource, spiffeId, from = -Infinity, until = Infinity } = asked;
  const floor = asked.aboveFloor === true ? state.store.auditFloor : 0;
  return state.audit
    .filter((entry) => entry.revision > floor)
    .filter((entry) => entry.revision > after && entry.revision <= upTo && entry.at >= from && entry.at < until)
    .filter((entry) => resource === undefined || entry.resource === resource)
    .filter((entry) => spiffeId === undefined || entry.spiffeId === spiffeId)
    .slice(0, asked.limit);
}

function auditContextOf(state: State, asked: NonNullable<Query["auditContext"]>): readonly AuditRow[] {
  const page = auditOf(state, asked);
  const start = Math.max(asked.after, asked.aboveFloor === true ? state.store.auditFloor : 0);
  const wanted = new Set([
    start,
    ...page.flatMap((entry) => [
      entry.base,
      state.audit.findLast(({ resource, revision }) => resource === entry.resource && revision < entry.revision)
        ?.revision,
    ]),
  ]);
  return state.audit.filter(({ revision }) => revision <= start && wanted.has(revision));
}

function keyUseOf(state: State): readonly KeyUse[] {
  const inUse = new Set([
    state.store.keyId,
    ...[...state.secrets.values()].map(({ head }) => head.keyId),
    ...[...state.policies.values()].map(({ keyId }) => keyId),
    ...[...state.bundles.values()].map(({ keyId }) => keyId),
  ]);
  return state.keys.map(({ keyId }) => ({ keyId, used: inUse.has(keyId) }));
}

function keyCountsOf(state: State): readonly KeyCount[] {
  const heads = [...state.secrets.values()].map(({ head }) => head);
  const gone = deletionsOf(state);
  const used = [...heads, ...state.policies.values(), ...state.bundles.values(), ...state.audit, ...state.keys];
  const ids = new Set([...used.map(({ keyId }) => keyId), ...(state.store.keyId === null ? [] : [state.store.keyId])]);
  return [...ids].toSorted().map((keyId) => {
    const count = (rows: Iterable<{ readonly keyId: string | null }>): number =>
      [...rows].filter((row) => row.keyId === keyId).length;
    return {
      keyId,
      secrets: count(heads),
      policies: count(state.policies.values()),
      bundles: count(state.bundles.values()),
      store: count([state.store]),
      deletions: count(gone),
      entries: count(state.audit),
    };
  });
}

/** Newest entries of policies and bundles that are no more. */
function deletionsOf(state: State): readonly AuditRow[] {
  const newest = new Map(state.audit.map((entry) => [entry.resource, entry]));
  return [...newest.values()].filter(({ resource }) => {
    if (resource.startsWith("policy:")) return !state.policies.has(resource.slice("policy:".length));
    return resource.startsWith("bundle:") && !state.bundles.has(resource.slice("bundle:".length));
  });
}

type OutdatedParts = Pick<
  AnySnapshot,
  "outdatedSecrets" | "outdatedPolicies" | "outdatedBundles" | "outdatedDeletions"
>;

function outdatedOf(state: State, query: Query): OutdatedParts {
  const { outdatedSecrets, outdatedPolicies, outdatedBundles, outdatedDeletions } = query;
  const heads = [...state.secrets.values()].map(({ head }) => head);
  return {
    outdatedSecrets:
      outdatedSecrets &&
      outdated(heads, outdatedSecrets, ({ path }) => path).map(({ path }) =>
        secretView(state, { path, version: "none" }, 0),
      ),
    outdatedPolicies:
      outdatedPolicies &&
      outdated(state.policies.values(), outdatedPolicies, ({ name }) => name).map((row) => ({
        row,
        tail: tailOf(state, `policy:${row.name}`),
      })),
    outdatedBundles:
      outdatedBundles &&
      outdated(state.bundles.values(), outdatedBundles, ({ trustDomain }) => trustDomain).map((row) =>
        bundleOf(state, row.trustDomain),
      ),
    outdatedDeletions: outdatedDeletions && outdated(deletionsOf(state), outdatedDeletions, ({ resource }) => resource),
  };
}

function outdated<Row extends { readonly keyId: string }>(
  rows: Iterable<Row>,
  asked: Outdated,
  nameOf: (row: Row) => string,
): readonly Row[] {
  const { keyId, after, limit } = asked;
  const byKey = new Map<string, Map<string, Row>>();
  for (const row of rows) {
    if (row.keyId === keyId || row.keyId < after.keyId) continue;
    byKey.set(row.keyId, (byKey.get(row.keyId) ?? new Map<string, Row>()).set(nameOf(row), row));
  }
  return [...byKey.keys()]
    .toSorted()
    .flatMap((key) => {
      const named = byKey.get(key) ?? new Map<string, Row>();
      return sorted(named.keys(), key === after.keyId ? after.name : "").map((name) => named.get(name));
    })
    .filter((row) => row !== undefined)
    .slice(0, limit);
}

/** Those behind `after`, in the order of SQLite's BINARY collation; JavaScript would compare UTF-16 code units. */
function sorted(texts: Iterable<string>, after: string): readonly string[] {
  const encoder = new TextEncoder();
  const start = encoder.encode(after);
  return [...texts]
    .map((text) => ({ text, bytes: encoder.encode(text) }))
    .filter(({ bytes }) => compareBytes(bytes, start) > 0)
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ text }) => text);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const different = a.findIndex((byte, index) => byte !== b[index]);
  if (different < 0) return a.length - b.length;
  return (a[different] ?? 0) - (b[different] ?? -1);
}
