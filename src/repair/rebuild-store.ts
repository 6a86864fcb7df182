import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { load } from "../store/load.ts";
import type { Outcome } from "../store/transact.ts";
import type { RepairFailure } from "./failure.ts";
import { type Recovery, RECOVERY_QUERY, recoverStoreRow, type StoreProposal } from "./recover-store-row.ts";

/** What a rebuild of the store row would store. Undefined if the store row verifies. */
export async function proposeStore(
  deps: Pick<WriteDeps, "store" | "ring" | "attempts">,
): Promise<Outcome<StoreProposal | undefined, RepairFailure>> {
  const recovery = await recoverStoreRow(deps, await load(deps.store, RECOVERY_QUERY, deps.attempts));
  switch (recovery.status) {
    case "intact":
      return { ok: true, answer: undefined };
    case "lost":
      return { ok: false, failure: { code: "store_not_recoverable", fault: recovery.fault } };
    case "recovered":
      return { ok: true, answer: recovery.proposal };
  }
}

/**
 * Replaces a store row whose MAC does not verify by the one that the audit proves, and raises the epoch.
 *
 * @param request `digest`: of the proposal that was shown
 * @throws SealError, StoreUnavailable
 */
export async function rebuildStore(
  deps: WriteDeps,
  request: WriteOrigin & { readonly digest: string },
): Promise<Outcome<{ readonly revision: number }, RepairFailure>> {
  const { digest } = request;
  const write = {
    ...request,
    action: "rebuild",
    resource: "store",
    request: { label: "request", fields: ["store.rebuild", digest] },
  };
  let recovery: Recovery = { status: "intact" };
  return await auditedWrite<
    typeof RECOVERY_QUERY & { readonly chain: { readonly resource: string } },
    object,
    RepairFailure
  >(deps, write, {
    query: { ...RECOVERY_QUERY, chain: { resource: "store" } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: () => ({}),
    async repairStore(snapshot) {
      recovery = await recoverStoreRow(deps, snapshot);
      return recovery.status === "recovered" ? recovery.proposal.store : snapshot.store;
    },
    async decide() {
      const refuse = (failure: RepairFailure) => ({ ok: false, failure }) as const;
      await Promise.resolve();
      switch (recovery.status) {
        case "intact":
          return refuse({ code: "store_not_damaged" });
        case "lost":
          return refuse({ code: "store_not_recoverable", fault: recovery.fault });
        case "recovered":
          return recovery.proposal.digest === digest
            ? { ok: true, change: {}, authority: {}, outcome: { digest } }
            : refuse({ code: "list_changed" });
      }
    },
  });
}
