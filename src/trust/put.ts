import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import {
  authorityIn,
  authorityResource,
  findReplaceable,
  isDamaged,
  slotOfRow,
  withRow,
} from "../commit/authority-row.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import type { Fault } from "../json/fault.ts";
import { type BundleKeys, parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import { verifyEntry } from "../commit/entry.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { SealFault } from "../seal/seal-error.ts";
import type { AuditRow, StoreRow } from "../store/rows.ts";
import type { BundleChange } from "../store/store.ts";
import { BUNDLES } from "./bundles.ts";
import type { TrustDeps } from "./deps.ts";
import { parseEndpointUrl } from "./endpoint.ts";
import { failed, invalidBundle, type TrustResult } from "./failure.ts";
import { sealBundle } from "./seal-bundle.ts";
import { parseStorableDomain } from "./storable-domain.ts";
import { countEntries, EMPTY_BUNDLE, isOutdated, MAX_BUNDLE_CHARACTERS } from "./stored-bundle.ts";
import { MAX_ENTRIES, parseBundleOutcome } from "./stored-bundle.ts";

/** A requested bundle, as the request spells it. */
interface BundleInput {
  readonly trustDomain: string;
  /** SPIFFE bundle as JSON text. Undefined: keep the stored bundle, or store an empty one until the first refresh. */
  readonly bundle: string | undefined;
  /** Empty: no endpoint. */
  readonly endpointUrl: string;
  /** Empty: `https_web`, the only supported profile. */
  readonly endpointProfile: string;
  /** Expected row version. 0: no bundle must be stored. */
  readonly cas: number | undefined;
}

interface AcceptedBundle {
  /** Revision of the commit. It is also the new row version of the bundle. */
  readonly revision: number;
  /** Entries that cannot be used, by their index. */
  readonly ignored: BundleKeys["ignored"];
}

/**
 * Stores or replaces the bundle of a trust domain. After this commit, every worker refuses identities whose key is not in
 * the new bundle, starting with its next request. Writes of such identities that are in progress do not commit.
 *
 * An empty bundle authenticates no identity. A bundle older than the stored one is refused: see {@link isOutdated}.
 *
 * @throws SealError, StoreUnavailable
 */
export async function putBundle(
  deps: TrustDeps,
  request: WriteOrigin & BundleInput,
): Promise<TrustResult<AcceptedBundle>> {
  const checked = checkBundle(deps, request);
  if (!checked.ok) return (await isPermitted(deps)) ? invalidBundle(checked.fault) : failed("denied");
  const { trustDomain, keys } = checked;
  const { cas, bundle, endpointUrl, endpointProfile } = request;
  const resource = authorityResource(BUNDLES, trustDomain);
  const write = {
    ...request,
    action: "put",
    resource,
    request: {
      label: "request",
      fields: ["bundle.put", trustDomain, cas ?? null, bundle ?? null, endpointUrl, endpointProfile],
    },
  };
  const result = await auditedWrite(deps, write, {
    query: { ...BUNDLES.query(trustDomain), chain: { resource } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: parseBundleOutcome,
    async decide(snapshot, { writeId, ring }) {
      const report = (fault: SealFault): void => deps.reportBundle({ trustDomain, ...fault });
      const { store, trie } = authorityIn(snapshot);
      const loaded = { ring: deps.ring, store, trie, name: trustDomain, row: snapshot.bundle?.row };
      const found = await findReplaceable(BUNDLES, { ...loaded, report });
      if (cas !== undefined && cas !== (found?.version ?? 0)) return failed("version_conflict");
      const stored = found?.value;
      const next = keys ?? stored?.keys;
      // If the stored row was altered, its newest audit entry still has the sequence.
      const isRepair = isDamaged(found);
      const storedSequence = isRepair
        ? await recordedSequence(deps.ring, store, snapshot.chain.tail)
        : stored?.keys.sequence;
      if (isOutdated({ sequence: next?.sequence }, { sequence: storedSequence })) return failed("bundle_outdated");
      const row = await sealBundle(ring, store.storeId, {
        trustDomain,
        writeId,
        base: store.revision,
        epoch: store.epoch,
        slot: slotOfRow(BUNDLES, trustDomain).prefix,
        bundle: bundle ?? stored?.row.bundle ?? EMPTY_BUNDLE,
        sequence: next?.sequence?.toString() ?? null,
        endpointUrl: endpointUrl === "" ? null : endpointUrl,
        endpointProfile: endpointUrl === "" ? null : "https_web",
        refreshHint: next?.refreshHint ?? null,
        fetchedAt: bundle === undefined ? (stored?.row.fetchedAt ?? null) : null,
      });
      const change: BundleChange =
        found?.seen === undefined ? { kind: "create", row } : { kind: "update", seen: found.seen, row };
      const authority = { trie: withRow(BUNDLES, trie, { name: trustDomain, row }) };
      return {
        ok: true,
        change: { bundle: change },
        authority,
        isRepair,
        outcome: { sequence: row.sequence },
      };
    },
  });
  if (!result.ok) return result;
  return { ok: true, answer: { revision: result.answer.revision, ignored: keys?.ignored ?? [] } };
}

/** The `spiffe_sequence` that the newest audit entry of a bundle recorded. @throws SealError if the entry does not verify */
async function recordedSequence(
  ring: KeyRing,
  store: StoreRow,
  tail: AuditRow | undefined,
): Promise<bigint | undefined> {
  if (tail === undefined) return undefined;
  await verifyEntry(ring, store, tail);
  const outcome = parseBundleOutcome(JSON.parse(tail.outcome));
  return outcome === undefined || outcome.sequence === null ? undefined : BigInt(outcome.sequence);
}

type CheckedBundle =
  | { readonly ok: true; readonly trustDomain: string; readonly keys: BundleKeys | undefined }
  | { readonly ok: false; readonly fault: Fault };

/** Checks the request against the rules that do not depend on the store. */
function checkBundle(deps: TrustDeps, input: BundleInput): CheckedBundle {
  const domain = parseStorableDomain(deps, input.trustDomain);
  if (!domain.ok) return domain;
  const { trustDomain } = domain;
  const { bundle, endpointUrl, endpointProfile } = input;
  if (endpointUrl === "" && endpointProfile !== "") return refuse("endpointProfile", "requires an endpointUrl");
  if (endpointUrl !== "" && parseEndpointUrl(endpointUrl) === undefined) {
    return refuse("endpointUrl", "must be an https URL without user, password or fragment");
  }
  if (endpointProfile !== "" && endpointProfile !== "https_web") {
    return refuse("endpointProfile", "must be https_web: a worker cannot verify a server by its SPIFFE ID");
  }
  if (bundle === undefined) {
    return endpointUrl === ""
      ? refuse("bundle", "is required without an endpointUrl")
      : { ok: true, trustDomain, keys: undefined };
  }
  if (bundle.length > MAX_BUNDLE_CHARACTERS) {
    return refuse("bundle", `must have at most ${MAX_BUNDLE_CHARACTERS} characters`, MAX_BUNDLE_CHARACTERS);
  }
  const keys = parseTrustBundle(bundle);
  if (!keys.ok) return refuse("bundle", keys.problem);
  return countEntries(keys) > MAX_ENTRIES
    ? refuse("bundle", `must have at most ${MAX_ENTRIES} entries`, MAX_ENTRIES)
    : { ok: true, trustDomain, keys };
}

function refuse(member: string, rule: string, limit?: number): CheckedBundle {
  return { ok: false, fault: { member, rule, ...(limit !== undefined && { limit }) } };
}
