import { auditedWrite } from "../commit/audited-write.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import { SealError, type SealFault, toSealFault } from "../seal/seal-error.ts";
import type { SecretRow } from "../store/rows.ts";
import type { AnySnapshot, SecretView } from "../store/store.ts";
import type { SecretDeps } from "./deps.ts";
import { failed, type SecretResult } from "./failure.ts";
import { parseRemoval, REMOVAL, type Removal } from "./removal.ts";
import type { SecretPath } from "./secret-path.ts";
import { verifyHead, verifySecret } from "./verify-secret.ts";
import type { WriteRequest } from "./write.ts";

/** A stored secret that does not verify, for the operator's log. */
export interface SecretProblem extends SealFault {
  readonly path: string;
}

/** What a removal needs, for one request. */
export interface RemovalDeps extends SecretDeps {
  /** Receives the fault of a secret that is removed although it does not verify. */
  readonly reportSecret: (problem: SecretProblem) => void;
}

/** The response to a removal. */
export interface Removed extends Removal {
  /** The revision of the commit. */
  readonly revision: number;
}

/**
 * Removes a secret with all its versions, values and its data key. Cannot be undone. Returns `not_found` if there is nothing at
 * the path.
 *
 * With unrestricted access, it also removes what does not verify: an altered head, lost rows, versions without a head. No other
 * operation can use or repair such a secret, and without this one it would block its path forever. `cas` is compared only if the
 * head verifies.
 *
 * @throws SealError if the secret does not verify and access is restricted
 * @throws StoreUnavailable
 */
export async function removeSecret(deps: RemovalDeps, request: WriteRequest): Promise<SecretResult<Removed>> {
  const { path, cas } = request;
  const write = {
    ...request,
    action: REMOVAL,
    resource: `secret:${path}`,
    request: { label: "request", fields: [REMOVAL, path, cas ?? null] },
  };
  return await auditedWrite(deps, write, {
    query: { secret: { path, version: "none" } },
    tailOf: ({ secret }) => secret?.tail,
    parseOutcome: parseRemoval,
    async decide(snapshot) {
      const { head, fault } = await findRemovable(deps, snapshot, { path, view: snapshot.secret });
      if (head === undefined && fault === undefined) return failed("not_found");
      if (head !== undefined && cas !== undefined && cas !== head.latest) return failed("version_conflict");
      if (fault !== undefined) deps.reportSecret({ path, ...fault });
      return {
        ok: true,
        change: { secret: { kind: "remove", path } },
        isRepair: fault !== undefined,
        outcome: {
          // No version number is above the revision of its commit. An altered head may contain any number.
          latest: head?.latest ?? snapshot.store.revision,
          ...(fault && { fault: fault.reason }),
        },
      };
    },
  });
}

/** The head, if it verifies, and the fault that makes the secret unusable. Neither if there is nothing at the path. */
async function findRemovable(
  { ring, access }: SecretDeps,
  snapshot: AnySnapshot,
  found: { readonly path: SecretPath; readonly view: SecretView },
): Promise<{ readonly head: SecretRow | undefined; readonly fault?: SealFault }> {
  try {
    return { head: await verifySecret(ring, snapshot, found) };
  } catch (error) {
    // A policy could grant the permission. Only the superuser has unrestricted access to a path.
    if (!(error instanceof SealError) || !access.isUnrestricted) throw error;
    const head = await reportSealError(verifyHead(ring, snapshot, found), () => undefined);
    return { head, fault: toSealFault(error) };
  }
}
