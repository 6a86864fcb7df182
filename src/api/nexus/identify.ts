import { type Authentication, authenticate, type Credentials } from "../../identity/caller.ts";
import type { SpiffeId } from "../../identity/spiffe-id.ts";
import { type Proof, proofOf } from "../../trust/proof.ts";
import type { Trail } from "../audit-line.ts";
import { clientCertificate } from "../client-certificate.ts";
import { countRequest } from "../rate-limit.ts";
import { reportBundle } from "../report-bundle.ts";
import type { RequestScope } from "../request-scope.ts";
import type { KeyedService } from "../service.ts";

type Identified =
  | {
      readonly ok: true;
      readonly caller: SpiffeId;
      /** What has yet to be proved by a stored bundle. */ readonly proof: Proof | undefined;
    }
  | Extract<Authentication, { readonly ok: false }>;

/** Who calls. Known at once where the trust domain is configured; else known in the snapshot that all is decided on. */
export async function identify(
  request: Request,
  { service, scope }: { readonly service: KeyedService; readonly scope: RequestScope },
): Promise<Identified> {
  const { trail } = scope;
  const { log } = service.platform;
  const credentials = {
    authorization: request.headers.get("authorization"),
    certificate: await clientCertificate(request, service.certificates),
  };
  const found = await authenticate(credentials, service.trust, service.platform.now());
  if (!found.ok) return found;
  const { caller, claim } = found;
  let counted = false;
  const proved = async (): Promise<void> => {
    trail.spiffeId = caller;
    trail.proof = proofIn(credentials);
    delete trail.claimed;
    delete trail.reason;
    if (counted) return;
    counted = true;
    await countRequest(service.rateLimits.byIdentity, caller, { log, requestId: scope.id });
  };
  if (claim === undefined) {
    await proved();
    return { ok: true, caller, proof: undefined };
  }
  trail.claimed = caller;
  // What it stays at where nothing is looked up: nobody of such a domain may do this, proved or not.
  trail.reason = "not-proved";
  const proof = proofOf(service.ring, claim, {
    proved,
    refused(reason) {
      // Who was proved once has called, whatever has become of the keys while the request was under way.
      trail.reason = reason;
    },
    report: (problem) => reportBundle(service, scope, problem),
  });
  return { ok: true, caller, proof };
}

/** What an identity is proved by, once it is: each credential that is there has to be good. */
function proofIn({ authorization, certificate }: Credentials): NonNullable<Trail["proof"]> {
  if (!certificate.ok || certificate.chain === undefined) return "jwt";
  return authorization === null ? "x509" : "jwt+x509";
}
