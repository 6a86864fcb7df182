import { auditedWrite, type WriteDecision, type WriteOrigin } from "../commit/audited-write.ts";
import { authorityIn, authorityResource, slotOfRow, verifyAuthorityRow, withRow } from "../commit/authority-row.ts";
import { parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";
import { BUNDLES } from "./bundles.ts";
import type { TrustDeps } from "./deps.ts";
import { endpointFailed, failed, invalidBundle, type TrustResult } from "./failure.ts";
import { type Fetch, fetchBundle } from "./fetch-bundle.ts";
import { getBundle } from "./get.ts";
import { sealBundle } from "./seal-bundle.ts";
import { parseStorableDomain } from "./storable-domain.ts";
import { countEntries, isOutdated, MAX_BUNDLE_CHARACTERS, MAX_ENTRIES, parseBundleOutcome } from "./stored-bundle.ts";
import type { BundleOutcome, StoredBundle } from "./stored-bundle.ts";

interface RefreshResult {
  /** Whether the refresh stored a different bundle. Otherwise it wrote nothing. */
  readonly changed: boolean;
  /** Row version of the stored bundle. */
  readonly version: number;
  /** Revision of the commit, or of the store if nothing was written. */
  readonly revision: number;
}

interface EndpointOptions {
  readonly fetch: Fetch;
  /** Milliseconds to wait for the endpoint, redirects included. */
  readonly timeoutMs: number;
}

/**
 * Fetches the bundle of a trust domain from its endpoint, and stores it if it differs from the stored one. On any failure
 * the stored bundle stays. An older bundle is refused: see {@link isOutdated}.
 *
 * If the stored bundle changes in the meantime, that change stays and the fetched bundle is discarded. One round trip if
 * the bundle is the same, otherwise three. Idempotency keys do not apply: the result depends on the endpoint, and a
 * repeated refresh is harmless.
 *
 * @throws SealError, StoreUnavailable
 */
export async function refreshBundle(
  deps: TrustDeps,
  request: Omit<WriteOrigin, "idempotencyKey"> & { readonly trustDomain: string },
  options: EndpointOptions,
): Promise<TrustResult<RefreshResult>> {
  const found = await getBundle(deps, request);
  return found.ok ? await refreshLoaded(deps, { ...request, seen: found.answer }, options) : found;
}

/** {@link refreshBundle} for a bundle that is already loaded. */
export async function refreshLoaded(
  deps: TrustDeps,
  request: Omit<WriteOrigin, "idempotencyKey"> & { readonly seen: StoredBundle & { readonly revision: number } },
  { fetch, timeoutMs }: EndpointOptions,
): Promise<TrustResult<RefreshResult>> {
  const { seen } = request;
  const { revision } = seen;
  const domain = parseStorableDomain(deps, seen.row.trustDomain);
  if (!domain.ok) return invalidBundle(domain.fault);
  const { trustDomain } = domain;
  const { endpointUrl } = seen.row;
  if (endpointUrl === null)
    return invalidBundle({ member: "trustDomain", rule: "must have a bundle with an endpoint" });
  const fetched = await fetchBundle(fetch, endpointUrl, {
    signal: AbortSignal.any([deps.attempts.deadline, deps.attempts.client]),
    timeoutMs,
  });
  if (!fetched.ok) return endpointFailed(fetched.detail);
  const unchanged = { changed: false, version: seen.version, revision } as const;
  if (fetched.text === seen.row.bundle) return { ok: true, answer: unchanged };
  return await storeFetched(deps, { ...request, idempotencyKey: undefined, trustDomain }, fetched.text);
}

/** The stored bundle changed while the endpoint was fetched. */
type Stale =
  | { readonly code: "superseded"; readonly version: number; readonly revision: number }
  | { readonly code: "bundle_outdated" };

async function storeFetched(
  deps: TrustDeps,
  request: WriteOrigin & { readonly trustDomain: TrustDomain; readonly seen: StoredBundle },
  text: string,
): Promise<TrustResult<RefreshResult>> {
  const { trustDomain, seen } = request;
  const refuse = (problem: string): TrustResult<never> => endpointFailed(`the bundle ${problem}`);
  if (text.length > MAX_BUNDLE_CHARACTERS) return refuse(`exceeds ${MAX_BUNDLE_CHARACTERS} characters`);
  const keys = parseTrustBundle(text);
  if (!keys.ok) return refuse(keys.problem);
  if (countEntries(keys) > MAX_ENTRIES) return refuse(`has more than ${MAX_ENTRIES} entries`);
  if (isOutdated(keys, seen.keys)) return failed("bundle_outdated");
  const resource = authorityResource(BUNDLES, trustDomain);
  const write = {
    ...request,
    action: "refresh",
    resource,
    request: { label: "request", fields: ["bundle.refresh", trustDomain] },
  };
  const result = await auditedWrite(deps, write, {
    query: { ...BUNDLES.query(trustDomain), chain: { resource } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: parseBundleOutcome,
    async decide(snapshot, { writeId, ring, time }): Promise<WriteDecision<BundleOutcome, Stale>> {
      const { store, trie } = authorityIn(snapshot);
      const loaded = { ring: deps.ring, store, trie, name: trustDomain, row: snapshot.bundle?.row };
      const found = await verifyAuthorityRow(BUNDLES, loaded);
      if (found?.version !== seen.version) {
        const { revision } = store;
        return { ok: false, failure: { code: "superseded", version: found?.version ?? 0, revision } };
      }
      // Checked again with the row of this snapshot. No MAC covers `version`, so the earlier row may have been another one.
      if (isOutdated(keys, found.keys)) return { ok: false, failure: { code: "bundle_outdated" } };
      const { endpointUrl, endpointProfile } = found.row;
      const row = await sealBundle(ring, store.storeId, {
        trustDomain,
        writeId,
        base: store.revision,
        epoch: store.epoch,
        slot: slotOfRow(BUNDLES, trustDomain).prefix,
        bundle: text,
        sequence: keys.sequence?.toString() ?? null,
        endpointUrl,
        endpointProfile,
        refreshHint: keys.refreshHint ?? null,
        fetchedAt: time,
      });
      const change = { bundle: { kind: "update", seen: found.version, row } } as const;
      const authority = { trie: withRow(BUNDLES, trie, { name: trustDomain, row }) };
      return { ok: true, change, authority, outcome: { sequence: row.sequence } };
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
