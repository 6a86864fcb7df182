import { isPermitted } from "../audit/is-permitted.ts";
import { verifyStore } from "../audit/store-row.ts";
import { load } from "../store/load.ts";
import { failed, invalid, type PolicyResult } from "./failure.ts";
import type { Policy } from "./policy.ts";
import { NAME_RULE, parsePolicyName } from "./policy-name.ts";
import type { PolicyRoom } from "./room.ts";
import { verifyPolicy } from "./verify-policy.ts";

/** One policy, with the revision of the store that it was read at. One round trip. @throws SealError, StoreUnavailable */
export async function getPolicy(
  room: PolicyRoom,
  asked: { readonly name: string },
): Promise<PolicyResult<Policy & { readonly revision: number }>> {
  const name = parsePolicyName(asked.name);
  if (name === undefined) return (await isPermitted(room)) ? invalid(NAME_RULE) : failed("denied");
  const snapshot = await load(room.store, { ...room.access.query, policy: { name } }, room.attempts);
  await verifyStore(room.ring, snapshot);
  if (!(await room.access.permits(snapshot))) return failed("denied");
  const { store, policy } = snapshot;
  const found = await verifyPolicy(room.ring, store, { name, view: policy });
  return found ? { ok: true, answer: { ...found, revision: store.revision } } : failed("not_found");
}
