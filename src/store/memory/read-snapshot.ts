import type { AuditRow, AuthorityNode, Bytes, PolicyRow, SecretRow, VersionRow, VersionState } from "../rows.ts";
import type { AnySnapshot, AuditQuery, KeyCount, KeyUse, Outdated, Page, Parts, PathPage } from "../store.ts";
import type { Query, SecretView, Snapshot } from "../store.ts";
import { compareBytes, compareTexts, pageOf, sorted } from "./lists.ts";
import type { State } from "./state.ts";
import { levelOf, rowlessOf } from "./walk-parts.ts";

/** What a query reads from. */
interface View {
  /** Everything that is stored. */
  readonly all: State;
  /** What the caller may see: nothing if no policy can grant it, or if the caller's claim cannot be proved. */
  readonly visible: State;
  /** Where policies that grant something are found: nowhere if the caller's claim cannot be proved. */
  readonly granting: State;
  readonly isProvable: boolean;
  readonly now: number;
}

const EMPTY = { secrets: new Map(), policies: new Map(), audit: [] } as const;

function viewFor(state: State, { grants, trust }: Query, now: number): View {
  const isProvable = trust === undefined || hasBundleKey(state, trust);
  const granting = isProvable ? state : { ...state, ...EMPTY };
  const isVisible = isProvable && (grants === undefined || policiesFor(granting, grants).length > 0);
  return { all: state, visible: isVisible ? state : { ...state, ...EMPTY }, granting, isProvable, now };
}

/** How each part is read. */
const READERS: {
  readonly [P in keyof Parts]: (view: View, request: Parts[P]["request"]) => Parts[P]["result"];
} = {
  secret: ({ visible, now }, request) => secretView(visible, request, now),
  paths: ({ visible }, request) => pathsOf(visible, request),
  grants: ({ granting }, request) => pageOf(policiesFor(granting, request), request.limit),
  identityGrants: ({ granting }, { idTags, limit }) => pageOf(policiesFor(granting, { idTags }), limit),
  policy: ({ visible }, { name }) => ({ row: visible.policies.get(name) }),
  policies: ({ visible }, { after, limit }) => pageOf(sortedRows(visible.policies, after), limit),
  trust: ({ all, isProvable }, { trustDomain }) => ({ row: isProvable ? all.bundles.get(trustDomain) : undefined }),
  bundle: ({ all }, { trustDomain }) => ({ row: all.bundles.get(trustDomain) }),
  bundles: ({ all }, { after, limit }) => pageOf(sortedRows(all.bundles, after), limit),
  audit: ({ all }, request) => auditOf(all, request),
  auditContext: ({ all }, request) => auditContextOf(all, request),
  acknowledgements: ({ all }) =>
    pageOf(
      all.audit.filter(({ resource }) => resource.startsWith("acknowledgement:")),
      1000,
    ),
  authorityEntries: ({ all }, { limit }) =>
    pageOf(
      all.audit
        .filter(({ leadsTo }) => leadsTo !== null)
        .toSorted((a, b) => b.epoch - a.epoch || b.revision - a.revision),
      limit,
    ),
  policiesWithTails: ({ all }, { after, limit }) =>
    mapPage(pageOf(sortedRows(all.policies, after), limit), (row) => ({
      row,
      tail: tailOf(all, `policy:${row.name}`),
    })),
  bundlesWithTails: ({ all }, { after, limit }) =>
    mapPage(pageOf(sortedRows(all.bundles, after), limit), (row) => ({
      row,
      tail: tailOf(all, `bundle:${row.trustDomain}`),
    })),
  secrets: ({ all }, { after, limit }) =>
    mapPage(pageOf(sorted(all.secrets.keys(), after), limit), (path) => secretView(all, { path, version: "none" }, 0)),
  // Versions are stored with their heads.
  headless: () => ({ rows: [], next: undefined }),
  rowless: ({ all }, request) => rowlessOf(all, request),
  level: ({ all }, request) => levelOf(all, request),
  chain: ({ visible }, { resource }) => ({ tail: tailOf(visible, resource) }),
  entryMacs: ({ all }, { revisions }) =>
    all.audit.filter(({ revision }) => revisions.includes(revision)).map(({ revision, mac }) => ({ revision, mac })),
  heartbeat: ({ all }) => ({
    row: all.heartbeat,
    entryMac: all.audit.find(({ revision }) => revision === all.heartbeat?.revision)?.mac ?? null,
  }),
  keyUse: ({ all }) => keyUseOf(all),
  keyCounts: ({ all }) => keyCountsOf(all),
  outdatedSecrets: ({ all }, request) =>
    mapPage(
      outdated(heads(all), request, ({ path }) => path),
      ({ path }) => secretView(all, { path, version: "none" }, 0),
    ),
  outdatedPolicies: ({ all }, request) =>
    mapPage(
      outdated(all.policies.values(), request, ({ name }) => name),
      (row) => ({ row, tail: tailOf(all, `policy:${row.name}`) }),
    ),
  outdatedBundles: ({ all }, request) =>
    mapPage(
      outdated(all.bundles.values(), request, ({ trustDomain }) => trustDomain),
      (row) => ({ row, tail: tailOf(all, `bundle:${row.trustDomain}`) }),
    ),
};

function readPart<P extends keyof Parts>(view: View, query: Query, part: P): Parts[P]["result"] | undefined {
  const request: Parts[P]["request"] | undefined = query[part];
  return request === undefined ? undefined : READERS[part](view, request);
}

/** Reads what the query requests. The snapshot shares nothing with the state. */
export function readSnapshot<Q extends Query>(state: State, query: Q, now: number): Snapshot<Q> {
  const view = viewFor(state, query, now);
  const parts = mapParts((part) => readPart(view, query, part));
  const snapshot = {
    now,
    store: state.store,
    newest: state.audit.findLast((entry) => entry.revision === state.store.revision)?.mac ?? null,
    keys: state.keys.map((key) => ({
      ...key,
      hasPolicies: [...state.policies.values()].some(({ keyId }) => keyId === key.keyId),
    })),
    replay: state.audit.find((entry) => entry.writeId === query.writeId),
    nodes: nodesFor(view, query, parts),
    ...parts,
  };
  // Each part is present exactly if the query requests it, which is what the type says.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return structuredClone(snapshot) as unknown as Snapshot<Q>;
}

/** The nodes on the way to all policies and bundles of the snapshot, and to all slots that the query names. */
function nodesFor(
  { all, visible, isProvable }: View,
  query: Query,
  parts: Partial<AnySnapshot>,
): readonly AuthorityNode[] {
  const { grants, identityGrants, policies, bundles, outdatedPolicies, outdatedBundles } = parts;
  const { policiesWithTails, bundlesWithTails } = parts;
  const found: readonly { readonly slot: number }[] = [
    ...[grants, identityGrants, policies].flatMap((page) => page?.rows ?? []),
    ...(bundles?.rows ?? []),
    ...(outdatedPolicies?.rows ?? []).map(({ row }) => row),
    ...(outdatedBundles?.rows ?? []).map(({ row }) => row),
    ...(policiesWithTails?.rows ?? []).map(({ row }) => row),
    ...(bundlesWithTails?.rows ?? []).map(({ row }) => row),
  ];
  const slots = [
    ...found.map(({ slot }) => slot),
    ...(query.policy !== undefined && visible === all ? [query.policy.slot] : []),
    ...(query.trust !== undefined && isProvable ? [query.trust.slot] : []),
    ...(query.bundle === undefined ? [] : [query.bundle.slot]),
  ];
  const levels = Array.from({ length: 13 }, (_, depth) => 2 * depth);
  const ids = new Set(slots.flatMap((slot) => levels.map((bits) => 2 ** bits + Math.floor(slot / 2 ** (48 - bits)))));
  return [...ids].flatMap((id) => {
    const content = all.nodes.get(id);
    return content === undefined ? [] : [{ id, content }];
  });
}

function mapParts(read: (part: keyof Parts) => unknown): Partial<AnySnapshot> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return Object.fromEntries((Object.keys(READERS) as (keyof Parts)[]).map((part) => [part, read(part)]));
}

/** Whether the domain has a bundle that contains the key, if one is named. */
function hasBundleKey(state: State, { trustDomain, keyId }: Parts["trust"]["request"]): boolean {
  const bundle = state.bundles.get(trustDomain)?.bundle;
  if (bundle === undefined || keyId === undefined) return bundle !== undefined;
  const { keys }: { readonly keys: readonly unknown[] } = JSON.parse(bundle);
  return keys.some((key) => typeof key === "object" && key !== null && "kid" in key && key.kid === keyId);
}

function heads(state: State): readonly SecretRow[] {
  return [...state.secrets.values()].map(({ head }) => head);
}

function secretView(state: State, request: Parts["secret"]["request"], now: number): SecretView {
  const found = state.secrets.get(request.path);
  const versions = found?.versions ?? [];
  const until = found?.head.currentUntil ?? null;
  const { earliest, latest } = request.bounds ?? { earliest: 0, latest: Infinity };
  const time = Math.max(found?.head.writtenAt ?? 0, earliest, Math.min(latest, now));
  const lapsed = until !== null && until <= time;
  const highestLive = versions.findLast(
    (version) => version.destroyedAt === null && (version.deletedAt === null || version.deletedAt > time),
  );
  const current = lapsed ? highestLive?.number : found?.head.current;
  const number = request.version === "current" ? current : request.version;
  return {
    head: found?.head,
    states: request.version === "current" && !lapsed ? undefined : versions.map(withoutValue),
    version: versions.find((version) => version.number === number),
    tail: tailOf(state, `secret:${request.path}`),
  };
}

function withoutValue(version: VersionRow): VersionState {
  const { number, writeId, createdAt, deletedAt, destroyedAt } = version;
  return { number, writeId, createdAt, deletedAt, destroyedAt };
}

function tailOf(state: State, resource: string): AuditRow | undefined {
  return state.audit.findLast((entry) => entry.resource === resource);
}

function mapPage<Row, Result>({ rows, more }: Page<Row>, map: (row: Row) => Result): Page<Result> {
  return { rows: rows.map(map), more };
}

/** Maximum number of characters in a page of paths. */
const MAX_CHARACTERS = 1_500_000;

function pathsOf(state: State, request: Parts["paths"]["request"]): PathPage {
  const { prefix, after, within, limit, since } = request;
  const isWithin = (path: string): boolean =>
    within?.some(([from, until]) => compareTexts(path, from) >= 0 && compareTexts(path, until) < 0) ?? true;
  const found = sorted(state.secrets.keys(), after).filter((path) => path.startsWith(prefix) && isWithin(path));
  let characters = 0;
  const fitting = found.findIndex((path, index) => (characters += path.length) > MAX_CHARACTERS && index > 0);
  const page = pageOf(found, fitting < 0 ? limit : Math.min(limit, fitting));
  return { ...page, changed: since !== undefined && isPathSetChanged(state, since) };
}

/** Whether a secret was created or removed after a revision. */
function isPathSetChanged(state: State, since: number): boolean {
  return state.audit.some(({ revision, resource, writeId }) => {
    if (revision <= since || !resource.startsWith("secret:")) return false;
    const found = state.secrets.get(resource.slice("secret:".length));
    return found === undefined || found.head.born === writeId;
  });
}

/** Policies that have one of the id tags and, if given, one of the path tags. */
function policiesFor(
  state: State,
  { idTags, pathTags }: { readonly idTags: readonly Bytes[]; readonly pathTags?: readonly Bytes[] },
): readonly PolicyRow[] {
  return [...state.policies.values()].filter(
    (row) => has(idTags, row.idTag) && (pathTags === undefined || has(pathTags, row.pathTag)),
  );
}

function has(tags: readonly Bytes[], tag: Bytes): boolean {
  return tags.some((candidate) => compareBytes(candidate, tag) === 0);
}

function auditOf(state: State, request: AuditQuery): Page<AuditRow> {
  const { after, upTo = Infinity, resource, spiffeId, from = -Infinity, until = Infinity } = request;
  const floor = request.aboveFloor === true ? state.store.auditFloor : 0;
  const found = state.audit
    .filter((entry) => entry.revision > floor)
    .filter((entry) => entry.revision > after && entry.revision <= upTo)
    .filter((entry) => [entry.at, entry.workerAt].some((time) => time >= from && time < until))
    .filter((entry) => resource === undefined || entry.resource === resource)
    .filter((entry) => spiffeId === undefined || entry.spiffeId === spiffeId);
  return pageOf(found, request.limit);
}

function auditContextOf(state: State, request: Parts["auditContext"]["request"]): Page<AuditRow> {
  const { rows: page } = auditOf(state, request);
  const start = Math.max(request.after, request.aboveFloor === true ? state.store.auditFloor : 0);
  const epochs = [...page, ...state.audit.filter(({ revision }) => revision === start)].map(({ epoch }) => epoch);
  const [first, last] = [Math.min(...epochs) - 1, Math.max(...epochs)];
  const raising = state.audit.filter(
    ({ leadsTo, epoch }) => leadsTo !== null && ((epoch >= first && epoch <= last) || epoch === state.store.epoch - 1),
  );
  const wanted = new Set([
    start,
    ...raising.map(({ revision }) => revision),
    ...page.flatMap((entry) => [
      entry.base,
      state.audit.findLast(({ resource, revision }) => resource === entry.resource && revision < entry.revision)
        ?.revision,
    ]),
  ]);
  const rows = state.audit.filter(({ revision }) => revision <= start && wanted.has(revision));
  return { rows, more: false };
}

function keyUseOf(state: State): readonly KeyUse[] {
  const inUse = new Set([
    state.store.keyId,
    ...heads(state).map(({ keyId }) => keyId),
    ...[...state.policies.values()].map(({ keyId }) => keyId),
    ...[...state.bundles.values()].map(({ keyId }) => keyId),
  ]);
  return state.keys.map(({ keyId }) => ({ keyId, used: inUse.has(keyId) }));
}

function keyCountsOf(state: State): readonly KeyCount[] {
  const used = [...heads(state), ...state.policies.values(), ...state.bundles.values(), ...state.audit, ...state.keys];
  const ids = new Set([...used.map(({ keyId }) => keyId), ...(state.store.keyId === null ? [] : [state.store.keyId])]);
  return [...ids].toSorted().map((keyId) => {
    const count = (rows: Iterable<{ readonly keyId: string | null }>): number =>
      [...rows].filter((row) => row.keyId === keyId).length;
    return {
      keyId,
      secrets: count(heads(state)),
      policies: count(state.policies.values()),
      bundles: count(state.bundles.values()),
      store: count([state.store]),
      entries: count(state.audit),
    };
  });
}

function outdated<Row extends { readonly keyId: string }>(
  rows: Iterable<Row>,
  request: Outdated,
  nameOf: (row: Row) => string,
): Page<Row> {
  const { keyId, after, limit } = request;
  const byKey = new Map<string, Map<string, Row>>();
  for (const row of rows) {
    if (row.keyId === keyId || row.keyId < after.keyId) continue;
    byKey.set(row.keyId, (byKey.get(row.keyId) ?? new Map<string, Row>()).set(nameOf(row), row));
  }
  const found = [...byKey.keys()]
    .toSorted()
    .flatMap((key) => {
      const named = byKey.get(key) ?? new Map<string, Row>();
      return sorted(named.keys(), key === after.keyId ? after.name : "").map((name) => named.get(name));
    })
    .filter((row) => row !== undefined);
  return pageOf(found, limit);
}

function sortedRows<Row>(rows: ReadonlyMap<string, Row>, after: string): readonly Row[] {
  return sorted(rows.keys(), after)
    .map((name) => rows.get(name))
    .filter((row) => row !== undefined);
}
