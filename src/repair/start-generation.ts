import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import type { WriteDeps } from "../commit/deps.ts";
import { createGeneration } from "../commit/generation.ts";
import { isRecord } from "../json/is-record.ts";
import type { Outcome } from "../store/transact.ts";
import type { RepairFailure } from "./failure.ts";

interface Started {
  readonly generation: string;
}

/**
 * Puts a database that was restored from a backup into service. The commits after the backup are lost, but clients may still know
 * their revisions and version numbers, up to `beyond`.
 *
 * Starts a new generation: bookmarks of the earlier one are refused. The commit has revision `beyond` + 1, and so all revisions,
 * row versions and numbers of new versions are above those that were lost. A `cas` from a lost commit never matches.
 *
 * @throws SealError, StoreUnavailable
 */
export async function startGeneration(
  deps: WriteDeps,
  request: WriteOrigin & { readonly beyond: number },
): Promise<Outcome<Started & { readonly revision: number }, RepairFailure>> {
  const { beyond } = request;
  const write = {
    ...request,
    action: "restored",
    resource: "store",
    request: { label: "request", fields: ["store.restored", beyond] },
  };
  return await auditedWrite<{ readonly chain: { readonly resource: string } }, Started, RepairFailure>(deps, write, {
    query: { chain: { resource: "store" } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: parseStarted,
    async decide({ store }) {
      await Promise.resolve();
      const { revision } = store;
      if (beyond < revision) {
        const rule = `must be at least the revision of the store, ${revision}`;
        return { ok: false, failure: { code: "beyond_too_low", fault: { member: "beyond", rule, limit: revision } } };
      }
      const generation = createGeneration(beyond, { now: deps.attempts.now(), randomBytes: deps.randomBytes });
      return { ok: true, change: { beyond }, authority: { generation }, outcome: { generation } };
    },
  });
}

function parseStarted(outcome: unknown): Started | undefined {
  const generation = isRecord(outcome) ? outcome["generation"] : undefined;
  return typeof generation === "string" ? { generation } : undefined;
}
