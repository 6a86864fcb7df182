import type { Context } from "hono";
import { authenticate, type Authentication, type Credentials } from "../../identity/caller.ts";
import type { SpiffeId } from "../../identity/spiffe-id.ts";
import { type Proof, proofOf } from "../../trust/proof.ts";
import type { AppEnv } from "../app-env.ts";
import type { Trail } from "../audit-line.ts";
import { clientCertificate } from "../client-certificate.ts";
import { countRequest } from "../count-request.ts";
import { reportBundle } from "../report-problems.ts";
import type { Refusal } from "./failure.ts";

/** The caller of a request. */
export interface Identity {
  readonly caller: SpiffeId;
  /** Set while `caller` is a claim: a stored bundle has to prove it in every snapshot. */
  readonly proof: Proof | undefined;
}

/**
 * Identifies the caller. If the bundle of the trust domain is configured, the identity is proved here. Otherwise a stored
 * bundle proves it in the snapshot that the request is decided on.
 */
export async function identifyCaller(c: Context<AppEnv>): Promise<({ readonly ok: true } & Identity) | Refusal> {
  const { platform } = c.env;
  const trail = c.get("trail");
  const { credentials, found } = await authenticateRequest(c);
  if (!found.ok) {
    if (found.claimed !== undefined) trail.claimed = found.claimed;
    return { ok: false, failure: { code: "unauthorized", reason: found.reason } };
  }
  const { caller, claim } = found;
  const onProved = listenForProof(c, { caller, proof: proofIn(credentials) });
  if (claim === undefined) {
    await onProved();
    return { ok: true, caller, proof: undefined };
  }
  trail.claimed = caller;
  // The final reason if no snapshot is loaded, because no caller of that trust domain may use the operation.
  trail.reason = "not-proved";
  const proof = proofOf(c.get("keys").ring, claim, {
    proved: onProved,
    // A later snapshot may refuse a caller that an earlier one proved. The audit still names that caller.
    refused: (reason) => void (trail.reason = reason),
    report: reportBundle(platform.log, c.get("requestId")),
  });
  return { ok: true, caller, proof };
}

/**
 * Identifies the caller of a request that is refused anyway, if a configured bundle proves the identity. Such a caller may
 * learn why the request is refused. Makes no database request.
 */
export async function proveByConfiguration(c: Context<AppEnv>): Promise<void> {
  const { credentials, found } = await authenticateRequest(c);
  if (found.ok && found.claim === undefined) {
    await listenForProof(c, { caller: found.caller, proof: proofIn(credentials) })();
    return;
  }
  const claimed = found.ok ? found.caller : found.claimed;
  if (claimed !== undefined) c.get("trail").claimed = claimed;
}

async function authenticateRequest(
  c: Context<AppEnv>,
): Promise<{ readonly credentials: Credentials; readonly found: Authentication }> {
  const { trust, certificates, platform } = c.env;
  const credentials = {
    authorization: c.req.header("authorization") ?? null,
    certificate: await clientCertificate(c.req.raw, certificates),
  };
  return { credentials, found: await authenticate(credentials, trust, platform.now()) };
}

/** Returns the function to call in every snapshot that proves the caller. It counts the request once. */
function listenForProof(
  c: Context<AppEnv>,
  { caller, proof }: { readonly caller: SpiffeId; readonly proof: NonNullable<Trail["proof"]> },
): () => Promise<void> {
  const { rateLimits, platform } = c.env;
  const trail = c.get("trail");
  let isCounted = false;
  return async () => {
    trail.spiffeId = caller;
    trail.proof = proof;
    delete trail.claimed;
    delete trail.reason;
    if (isCounted) return;
    isCounted = true;
    await countRequest(rateLimits.byIdentity, caller, { platform, requestId: c.get("requestId") });
  };
}

/** The credentials of the request. All of them have to verify, so these are the ones that prove the identity. */
function proofIn({ authorization, certificate }: Credentials): NonNullable<Trail["proof"]> {
  if (!certificate.ok || certificate.chain === undefined) return "jwt";
  return authorization === null ? "x509" : "jwt+x509";
}
