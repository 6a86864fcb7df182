import { authorityIn, restOn, slotOfRow, verifyAuthorityRow } from "../commit/authority-row.ts";
import { type BundleKeys, importTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { Claim } from "../identity/claim.ts";
import { MAX_KEYS_TRIED } from "../identity/jwt/verify-jwt-svid.ts";
import { equalBytes } from "../seal/equal-bytes.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { SealError, toSealFault } from "../seal/seal-error.ts";
import type { Access, PathScope, VisiblePaths } from "../store/access.ts";
import type { Bytes } from "../store/rows.ts";
import type { AnySnapshot, Rest } from "../store/store.ts";
import { BUNDLES } from "./bundles.ts";
import type { BundleProblem } from "./deps.ts";

/** Makes permissions depend on proof of the caller's claimed identity, in every snapshot that something is decided on. */
export interface Proof {
  access(access: Access): Access;
  scope(scope: PathScope): PathScope;
}

/** Called when the claim is checked: once, and again whenever the stored bundle has changed. */
export interface ProofListener {
  /** The bundle proves the claim. A rejection ends the request. */
  proved(): Promise<void>;
  /** The bundle does not prove the claim. `reason` is a stable code for the operator's log. */
  refused(reason: string): void;
  report(problem: BundleProblem): void;
}

/**
 * Proof of a claim by the stored bundle of its trust domain. The bundle is part of the same snapshot as everything else, so
 * it costs no round trip of its own, and a revoked key is refused from the next snapshot on.
 *
 * A bundle that does not verify proves nothing and is reported.
 */
export function proofOf(ring: KeyRing, claim: Claim, listener: ProofListener): Proof {
  const { trustDomain, signedBy } = claim;
  const { prefix: slot } = slotOfRow(BUNDLES, trustDomain);
  const trust = { trustDomain, slot, ...(signedBy?.keyId !== undefined && { keyId: signedBy.keyId }) };
  // Kept for this request only. Every change of a bundle raises the epoch and gives the trie another root, so the same two give
  // the same result. The bundle is kept too, because a later snapshot of that epoch may be without it.
  let known: { readonly epoch: number; readonly root: Bytes; readonly rests: readonly Rest[] | undefined } | undefined;
  /** The bundle that proves the claim. Undefined if it is not proved. */
  const prove = async (snapshot: AnySnapshot): Promise<readonly Rest[] | undefined> => {
    const { epoch, authority: root } = snapshot.store;
    if (known === undefined || known.epoch !== epoch || !equalBytes(known.root, root)) {
      const reason = await findRefusal(ring, claim, { snapshot, report: (problem) => listener.report(problem) });
      known = { epoch, root, rests: reason === undefined ? restsOn(snapshot) : undefined };
      if (reason !== undefined) listener.refused(reason);
      else await listener.proved();
    }
    return known.rests;
  };
  return {
    access: (access) => ({
      query: { ...access.query, trust },
      isUnrestricted: false,
      async permits(snapshot) {
        const bundle = await prove(snapshot);
        const rests = bundle && (await access.permits(snapshot));
        return rests && [...bundle, ...rests];
      },
    }),
    scope: (scope) => ({
      ...scope,
      query: { ...scope.query, trust },
      read: async (snapshot) => ((await prove(snapshot)) === undefined ? NOTHING : await scope.read(snapshot)),
    }),
  };
}

function restsOn({ trust }: AnySnapshot): readonly Rest[] {
  return trust?.row === undefined ? [] : [restOn(BUNDLES, trust.row)];
}

/** What a caller sees whose claim is not proved. */
const NOTHING: VisiblePaths = { within: [], isWhole: true, decide: () => ({ isVisible: false, work: 0 }) };

/** Why the stored bundle does not prove the claim. Undefined if it does. */
async function findRefusal(
  ring: KeyRing,
  claim: Claim,
  { snapshot, report }: { readonly snapshot: AnySnapshot; readonly report: (problem: BundleProblem) => void },
): Promise<string | undefined> {
  const { trustDomain } = claim;
  const { row } = snapshot.trust ?? {};
  try {
    const bundle =
      row && (await verifyAuthorityRow(BUNDLES, { ring, ...authorityIn(snapshot), name: trustDomain, row }));
    // If the token names a key, the store does not return a bundle without that key.
    if (bundle === undefined) return "bundle-or-key-unknown";
    return await claim.refusalBy(await importTrustBundle({ ...bundle.keys, keys: keysFor(claim, bundle.keys.keys) }));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report({ trustDomain, ...toSealFault(error) });
    return "bundle-not-authentic";
  }
}

/**
 * The keys that may have signed the token, as many as verification would try. The caller is not authenticated yet, and to
 * import a key costs as much as to verify a signature.
 */
function keysFor({ signedBy }: Claim, keys: BundleKeys["keys"]): BundleKeys["keys"] {
  if (signedBy === undefined) return [];
  const { keyId, algorithm } = signedBy;
  const candidates = keys.filter(
    (key) => key.algorithms.includes(algorithm) && (keyId === undefined || key.kid === keyId),
  );
  return candidates.slice(0, MAX_KEYS_TRIED).map((key) => ({ ...key, algorithms: [algorithm] }));
}
