import { isPermitted } from "../commit/is-permitted.ts";
import { verifyStore } from "../commit/store-row.ts";
import { load } from "../store/load.ts";
import { fail, invalidPolicy, type PolicyResult } from "./failure.ts";
import type { Policy } from "./policy.ts";
import { NAME_RULE, parsePolicyName } from "./policy-name.ts";
import type { PolicyDeps } from "./deps.ts";
import { verifyPolicy } from "./verify-policy.ts";

/** One policy, with the revision of the store that it was read at. One round trip. @throws SealError, StoreUnavailable */
export async function getPolicy(
  deps: PolicyDeps,
  asked: { readonly name: string },
): Promise<PolicyResult<Policy & { readonly revision: number }>> {
  const name = parsePolicyName(asked.name);
  if (name === undefined) return (await isPermitted(deps)) ? invalidPolicy(NAME_RULE) : fail("denied");
  const snapshot = await load(deps.store, { ...deps.access.query, policy: { name } }, deps.attempts);
  await verifyStore(deps.ring, snapshot);
  if (!(await deps.access.permits(snapshot))) return fail("denied");
  const { store, policy } = snapshot;
  const found = await verifyPolicy(deps.ring, store, { name, view: policy });
  return found ? { ok: true, answer: { ...found, revision: store.revision } } : fail("not_found");
}
