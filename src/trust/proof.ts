import { type BundleKeys, importTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { Claim } from "../identity/claim.ts";
import { MAX_KEYS_TRIED } from "../identity/jwt/verify-jwt-svid.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { toSealFault, SealError } from "../seal/seal-error.ts";
import type { Access, PathScope } from "../store/access.ts";
import type { AnySnapshot } from "../store/store.ts";
import type { BundleProblem } from "./deps.ts";
import { verifyBundle } from "./verify-bundle.ts";

/** A claimed identity that a stored bundle has to prove, in every snapshot that something is decided on. */
export interface Proof {
  /** The same right, of whoever proves the claim. */
  access(access: Access): Access;
  scope(scope: PathScope): PathScope;
}

/** What the request is told of its caller as soon as it is known, and again whenever the bundle has changed. */
export interface ProofListener {
  /** The claim holds; rejects to let the request go no further. */
  proved(): Promise<void>;
  /** It does not: a stable code, for the operator's log. */
  refused(reason: string): void;
  report(problem: BundleProblem): void;
}

/**
 * The proof of a claim by the stored bundle of its trust domain, which is loaded with everything else: a caller of such a
 * domain costs no round trip of its own, and a key that was taken away counts from the next snapshot on.
 *
 * A bundle that is not what this service wrote last proves nothing, and is reported.
 */
export function proofOf(ring: KeyRing, claim: Claim, listener: ProofListener): Proof {
  const { trustDomain, signedBy } = claim;
  const trust = { trustDomain, ...(signedBy?.keyId !== undefined && { keyId: signedBy.keyId }) };
  // Of this request alone: a snapshot with the same row of the same store proves the same.
  let known: { readonly version: number; readonly proved: boolean } | undefined;
  const isProved = async (snapshot: AnySnapshot): Promise<boolean> => {
    const version = snapshot.trust?.row?.version ?? 0;
    if (known?.version !== version) {
      const reason = await refusalOf(ring, claim, { snapshot, report: (problem) => listener.report(problem) });
      known = { version, proved: reason === undefined };
      if (reason !== undefined) listener.refused(reason);
      else await listener.proved();
    }
    return known.proved;
  };
  return {
    access: (access) => ({
      query: { ...access.query, trust },
      permits: async (snapshot) => (await isProved(snapshot)) && (await access.permits(snapshot)),
    }),
    scope: (scope) => ({
      query: { ...scope.query, trust },
      read: async (snapshot) =>
        (await isProved(snapshot)) ? await scope.read(snapshot) : { within: [], includes: () => false },
    }),
  };
}

async function refusalOf(
  ring: KeyRing,
  claim: Claim,
  { snapshot, report }: { readonly snapshot: AnySnapshot; readonly report: (problem: BundleProblem) => void },
): Promise<string | undefined> {
  const { trustDomain } = claim;
  const { store, trust } = snapshot;
  try {
    const stored = trust && (await verifyBundle(ring, store, { trustDomain, view: trust }));
    // Where the token names a key, a bundle without it is not shown either.
    if (stored === undefined) return "bundle-or-key-unknown";
    return await claim.refusalBy(await importTrustBundle({ ...stored.keys, keys: keysFor(claim, stored.keys.keys) }));
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    report({ trustDomain, ...toSealFault(error) });
    return "bundle-not-authentic";
  }
}

/**
 * The keys that may have signed a token. Importing one costs as much as a signature, for each algorithm that it is for, and nobody
 * is known yet: only those that would be tried.
 */
function keysFor({ signedBy }: Claim, keys: BundleKeys["keys"]): BundleKeys["keys"] {
  if (signedBy === undefined) return [];
  const { keyId, algorithm } = signedBy;
  const fitting = keys.filter(
    (key) => key.algorithms.includes(algorithm) && (keyId === undefined || key.kid === keyId),
  );
  return fitting.slice(0, MAX_KEYS_TRIED).map((key) => ({ ...key, algorithms: [algorithm] }));
}
