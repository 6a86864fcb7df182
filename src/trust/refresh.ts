import { auditedWrite, type WriteOrigin } from "../audit/audited-write.ts";
import { parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";
import { endpointFailed, failed, invalid, type TrustResult } from "./failure.ts";
import { type Fetch, fetchBundle } from "./fetch-bundle.ts";
import { getBundle } from "./get.ts";
import type { TrustRoom } from "./room.ts";
import { sealBundle } from "./seal-bundle.ts";
import { parseStorableDomain } from "./storable-domain.ts";
import { isOutdated, MOST_BUNDLE_CHARACTERS, type StoredBundle } from "./stored-bundle.ts";
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

/**
 * Fetches the bundle of a trust domain from its endpoint, and stores it if it is another one. Whatever goes wrong there, the
 * stored bundle stays. One that is older than the stored one is refused, see {@link isOutdated}.
 *
 * Stores by compare-and-swap: if somebody has changed the bundle since it was looked at, theirs stays. One round trip where
 * the bundle is the same, three where not. @throws SealError, StoreUnavailable
 */
export async function refreshBundle(
  room: TrustRoom,
  request: WriteOrigin & { readonly trustDomain: string },
  fetch: Fetch,
): Promise<TrustResult<Refreshed>> {
  const found = await getBundle(room, request);
  return found.ok ? await refreshSeen(room, { ...request, seen: found.answer }, fetch) : found;
}

/** The same, of a bundle that was looked at a moment ago. */
export async function refreshSeen(
  room: TrustRoom,
  request: WriteOrigin & { readonly seen: StoredBundle & { readonly revision: number } },
  fetch: Fetch,
): Promise<TrustResult<Refreshed>> {
  const { seen } = request;
  const { revision } = seen;
  const domain = parseStorableDomain(room, seen.row.trustDomain);
  if (!domain.ok) return invalid(domain.detail);
  const { trustDomain } = domain;
  const { endpointUrl } = seen.row;
  if (endpointUrl === null) return invalid(`bundle of "${trustDomain}" has no endpoint`);
  const fetched = await fetchBundle(fetch, endpointUrl, room.attempts.deadline);
  if (!fetched.ok) return endpointFailed(`endpoint of "${trustDomain}" gave ${fetched.detail}`);
  const unchanged = { changed: false, version: seen.version, revision } as const;
  if (fetched.text === seen.row.bundle) return { ok: true, answer: unchanged };
  return await store(room, { ...request, trustDomain }, fetched.text);
}

async function store(
  room: TrustRoom,
  request: WriteOrigin & { readonly trustDomain: TrustDomain; readonly seen: StoredBundle },
  text: string,
): Promise<TrustResult<Refreshed>> {
  const { trustDomain, seen } = request;
  const where = `endpoint of "${trustDomain}"`;
  if (text.length > MOST_BUNDLE_CHARACTERS) {
    return endpointFailed(`${where} gave more than ${MOST_BUNDLE_CHARACTERS} characters`);
  }
  const keys = parseTrustBundle(text);
  if (!keys.ok) return endpointFailed(`${where} gave a bundle that ${keys.problem}`);
  if (isOutdated(keys, seen.keys)) return failed("bundle_outdated");
  const write = {
    ...request,
    action: "refresh",
    resource: `bundle:${trustDomain}`,
    request: { label: "request", fields: ["bundle.refresh", trustDomain] },
  };
  const result = await auditedWrite(room, write, {
    query: { bundle: { trustDomain } },
    tailOf: ({ bundle }) => bundle?.tail,
    readOutcome: () => ({}),
    async judge({ store, now, bundle: view }, { writeId }) {
      const found = await verifyBundle(room.ring, store, { trustDomain, view });
      if (found?.version !== seen.version) {
        const { revision } = store;
        return { ok: false, failure: { code: "superseded", version: found?.version ?? 0, revision } as const };
      }
      const { endpointUrl, endpointProfile } = found.row;
      const row = await sealBundle(room.ring, store.storeId, {
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
      return { ok: true, change, authority: { auditFloor }, outcome: {}, now };
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
