import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import { findOtherId, toKeyRow } from "../commit/store-row.ts";
import type { RotationFailure, RotationResult } from "./failure.ts";
import type { RotationDeps } from "./deps.ts";

/** `revision`: the revision of the commit, or of the store if the key was already in use. */
interface Registered {
  readonly keyId: string;
  readonly revision: number;
}

/**
 * Makes the first key of the ring the key that every worker writes with: stores its check value, if it is new, and signs the
 * store row under it. Raises the epoch, so that no write that was decided under the previous key can still commit.
 *
 * An earlier key can be registered again. This too is a commit with an audit entry. Registering the key that is already in use
 * changes nothing.
 *
 * @param request `keyId` must be the first key of this worker's ring. So success proves that this worker has the key.
 * @throws SealError, StoreUnavailable
 */
export async function registerKey(
  deps: RotationDeps,
  request: WriteOrigin & { readonly keyId: string },
): Promise<RotationResult<Registered>> {
  const { keyId } = request;
  const { primary } = deps.ring;
  const write = {
    ...request,
    action: "register",
    resource: "store",
    request: { label: "request", fields: ["key.register", keyId] },
  };
  type Refusal = RotationFailure | { readonly code: "registered"; readonly revision: number };
  const refuse = (failure: Refusal): { readonly ok: false; readonly failure: Refusal } => ({ ok: false, failure });
  const result = await auditedWrite<object, { readonly keyId: string }, Refusal>(deps, write, {
    query: { chain: { resource: "store" } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: readKeyId,
    async decide({ store, keys }, { time }) {
      if (primary.id !== keyId) return await Promise.resolve(refuse({ code: "key_not_first" }));
      if (store.keyId === keyId) return refuse({ code: "registered", revision: store.revision });
      if (findOtherId(primary, { ring: deps.ring, keys }) !== undefined) return refuse({ code: "duplicate_key" });
      // The first commit of an empty store registers the whole ring.
      const hasRow = store.revision === 0 || keys.some((key) => key.keyId === keyId);
      return {
        ok: true,
        change: hasRow ? {} : { register: [toKeyRow(primary, time)] },
        ring: deps.ring,
        authority: {},
        outcome: { keyId },
      };
    },
  });
  if (result.ok) return result;
  const { failure } = result;
  return failure.code === "registered"
    ? { ok: true, answer: { keyId, revision: failure.revision } }
    : { ok: false, failure };
}

function readKeyId(outcome: unknown): { readonly keyId: string } | undefined {
  if (typeof outcome !== "object" || outcome === null || !("keyId" in outcome)) return undefined;
  return typeof outcome.keyId === "string" ? { keyId: outcome.keyId } : undefined;
}
