import { auditedWrite, type WriteOrigin, type WriteDecision } from "../commit/audited-write.ts";
import { parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";
import { endpointFailed, fail, invalidBundle, type TrustResult } from "./failure.ts";
import { type Fetch, fetchBundle } from "./fetch-bundle.ts";
import { getBundle } from "./get.ts";
import type { TrustDeps } from "./deps.ts";
import { sealBundle } from "./seal-bundle.ts";
import { parseStorableDomain } from "./storable-domain.ts";
import { entriesOf, isOutdated, MAX_BUNDLE_CHARACTERS, MAX_ENTRIES, readSequence } from "./stored-bundle.ts";
import type { StoredBundle, WrittenBundle } from "./stored-bundle.ts";
import { verifyBundle } from "./verify-bundle.ts";

/** What a refresh came to. */
interface Refreshed {
  /** Whether another bundle is stored now. Where not, nothing was written. */
  readonly changed: boolean;
  /** Row version from now on. */
  readonly version: number;
  /** Of the commit; of the store, where nothing was written. */
  readonly revision: number;
}

/** The internet, and how long an endpoint is waited for in milliseconds. */
export interface Reach {
  readonly fetch: Fetch;
  readonly timeoutMs: number;
}

/**
 * Fetches the bundle of a trust domain from its endpoint, and stores it if it is another one. Whatever goes wrong there, the
 * stored bundle stays. One that is older than the stored one is refused, see {@link isOutdated}.
 *
 * Stores by compare-and-swap: if somebody has changed the bundle since it was looked at, theirs stays. One round trip where
 * the bundle is the same, three where not. Each call is one of its own, whatever idempotency key came with it: what it comes
 * to depends on the endpoint, and doing it again is harmless. @throws SealError, StoreUnavailable
 */
export async function refreshBundle(
  deps: TrustDeps,
  request: Omit<WriteOrigin, "idempotencyKey"> & { readonly trustDomain: string },
  reach: Reach,
): Promise<TrustResult<Refreshed>> {
  const found = await getBundle(deps, request);
  return found.ok ? await refreshSeen(deps, { ...request, seen: found.answer }, reach) : found;
}

/** The same, of a bundle that was looked at a moment ago. */
export async function refreshSeen(
  deps: TrustDeps,
  request: Omit<WriteOrigin, "idempotencyKey"> & { readonly seen: StoredBundle & { readonly revision: number } },
  { fetch, timeoutMs }: Reach,
): Promise<TrustResult<Refreshed>> {
  const { seen } = request;
  const { revision } = seen;
  const domain = parseStorableDomain(deps, seen.row.trustDomain);
  if (!domain.ok) return invalidBundle(domain.detail);
  const { trustDomain } = domain;
  const { endpointUrl } = seen.row;
  if (endpointUrl === null) return invalidBundle(`bundle of "${trustDomain}" has no endpoint`);
  const fetched = await fetchBundle(fetch, endpointUrl, {
    signal: AbortSignal.any([deps.attempts.deadline, deps.attempts.client]),
    timeoutMs,
  });
  if (!fetched.ok) return endpointFailed(`endpoint of "${trustDomain}" gave ${fetched.detail}`);
  const unchanged = { changed: false, version: seen.version, revision } as const;
  if (fetched.text === seen.row.bundle) return { ok: true, answer: unchanged };
  return await store(deps, { ...request, idempotencyKey: undefined, trustDomain }, fetched.text);
}

/** What has become of the stored bundle while its endpoint was asked. */
type Stale =
  | { readonly code: "superseded"; readonly version: number; readonly revision: number }
  | { readonly code: "bundle_outdated" };

async function store(
  deps: TrustDeps,
  request: WriteOrigin & { readonly trustDomain: TrustDomain; readonly seen: StoredBundle },
  text: string,
): Promise<TrustResult<Refreshed>> {
  const { trustDomain, seen } = request;
  const where = `endpoint of "${trustDomain}"`;
  if (text.length > MAX_BUNDLE_CHARACTERS) {
    return endpointFailed(`${where} gave more than ${MAX_BUNDLE_CHARACTERS} characters`);
  }
  const keys = parseTrustBundle(text);
  if (!keys.ok) return endpointFailed(`${where} gave a bundle that ${keys.problem}`);
  if (entriesOf(keys) > MAX_ENTRIES) return endpointFailed(`${where} gave more than ${MAX_ENTRIES} entries`);
  if (isOutdated(keys, seen.keys)) return fail("bundle_outdated");
  const write = {
    ...request,
    action: "refresh",
    resource: `bundle:${trustDomain}`,
    request: { label: "request", fields: ["bundle.refresh", trustDomain] },
  };
  const result = await auditedWrite(deps, write, {
    query: { bundle: { trustDomain } },
    tailOf: ({ bundle }) => bundle?.tail,
    parseOutcome: readSequence,
    async decide({ store, now, bundle: view }, { writeId, ring }): Promise<WriteDecision<WrittenBundle, Stale>> {
      const found = await verifyBundle(deps.ring, store, { trustDomain, view });
      if (found?.version !== seen.version) {
        const { revision } = store;
        return { ok: false, failure: { code: "superseded", version: found?.version ?? 0, revision } };
      }
      // Once more, of what is stored now: versions are under no MAC, and the row that was looked at may have been another.
      if (isOutdated(keys, found.keys)) return { ok: false, failure: { code: "bundle_outdated" } };
      const { endpointUrl, endpointProfile } = found.row;
      const row = await sealBundle(ring, store.storeId, {
        trustDomain,
        writeId,
        epoch: store.epoch,
        bundle: text,
        sequence: keys.sequence?.toString() ?? null,
        endpointUrl,
        endpointProfile,
        refreshHint: keys.refreshHint ?? null,
        fetchedAt: now,
      });
      const { auditFloor } = store;
      const change = { bundle: { kind: "update", seen: found.version, row } } as const;
      return { ok: true, change, authority: { auditFloor }, outcome: { sequence: row.sequence }, now };
    },
  });
  if (result.ok) {
    const { revision } = result.answer;
    return { ok: true, answer: { changed: true, version: revision, revision } };
  }
  const { failure } = result;
  if (failure.code !== "superseded") return { ok: false, failure };
  return { ok: true, answer: { changed: false, version: failure.version, revision: failure.revision } };
}
