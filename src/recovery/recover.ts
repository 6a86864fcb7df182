import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { type Share, splitKey } from "../seal/shamir.ts";
import type { RecoveryDeps } from "./deps.ts";
import { readPrimaryId } from "./read-primary-id.ts";
import { withRootKey } from "./with-root-key.ts";

/** What `recover` needs, for one request. */
export interface RecoverDeps extends RecoveryDeps, WriteDeps {
  /** False for a store that is never written to. Then the report is the only record. */
  readonly isAuditStored: boolean;
  /** Logs that shares of this key are about to be returned. */
  readonly reportRecovery: (keyId: string) => void;
}

/** The audit resource of entries about the root keys themselves. Unlike `store`, these entries do not raise the epoch. */
const RESOURCE = "root-key";

/**
 * Returns all Shamir shares of the primary root key, as SPIKE computes them: the same ones each time. Together they are the
 * key, so the audit entry is committed first: no shares are returned without one. Returns undefined if the caller has no
 * permission. Two round trips.
 *
 * @throws SealError, StoreUnavailable
 */
export async function recoverShares(
  deps: RecoverDeps,
  origin: Omit<WriteOrigin, "idempotencyKey">,
): Promise<readonly Share[] | undefined> {
  const keyId = deps.isAuditStored ? await recordRecovery(deps, origin) : await readPrimaryId(deps);
  if (keyId === undefined) return undefined;
  deps.reportRecovery(keyId);
  return await withRootKey(deps, keyId, async (root) => await splitKey(root, deps.split));
}

/**
 * Commits the audit entry of a recovery and returns the id of the key in it. This is the primary key at that revision:
 * if another key is registered meanwhile, the commit loses.
 *
 * An idempotency key is not used. With one, shares could be returned many times under one entry.
 */
async function recordRecovery(
  deps: RecoverDeps,
  origin: Omit<WriteOrigin, "idempotencyKey">,
): Promise<string | undefined> {
  const { threshold, shares } = deps.split;
  const write = {
    ...origin,
    idempotencyKey: undefined,
    action: "recover",
    resource: RESOURCE,
    request: { label: "request", fields: ["key.recover"] },
  };
  const result = await auditedWrite(deps, write, {
    query: { chain: { resource: RESOURCE } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: parseRecovery,
    decide: async (_, { ring }) =>
      await Promise.resolve({ ok: true, change: {}, outcome: { keyId: ring.primary.id, threshold, shares } }),
  });
  return result.ok ? result.answer.keyId : undefined;
}

function parseRecovery(outcome: unknown): { readonly keyId: string } | undefined {
  if (typeof outcome !== "object" || outcome === null || !("keyId" in outcome)) return undefined;
  return typeof outcome.keyId === "string" ? { keyId: outcome.keyId } : undefined;
}
