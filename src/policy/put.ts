import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import {
  authorityIn,
  authorityResource,
  findReplaceable,
  isDamaged,
  slotOfRow,
  withRow,
} from "../commit/authority-row.ts";
import { isPermitted } from "../commit/is-permitted.ts";
import type { SealFault } from "../seal/seal-error.ts";
import type { PolicyChange } from "../store/store.ts";
import { type CheckedPolicy, checkPolicy, type PolicyInput } from "./check-policy.ts";
import type { PolicyDeps } from "./deps.ts";
import { failed, invalidPolicy, type PolicyResult } from "./failure.ts";
import { POLICIES } from "./policies.ts";
import { NAME_RULE, parsePolicyName } from "./policy-name.ts";
import { sealPolicy } from "./seal-policy.ts";

interface StoredPolicy {
  /** Revision of the commit. It is also the new row version of the policy. */
  readonly revision: number;
  /** Sentences about patterns that may grant more than intended. See `patternWarnings`. */
  readonly warnings: readonly string[];
}

/**
 * Creates or replaces a policy. A replaced policy keeps its creation time. After this commit, every decision uses the new
 * policy.
 *
 * @throws SealError, StoreUnavailable
 */
export async function putPolicy(
  deps: PolicyDeps,
  request: WriteOrigin &
    PolicyInput & {
      readonly name: string;
      /** Expected row version. 0: the policy must not exist. */
      readonly cas: number | undefined;
    },
): Promise<PolicyResult<StoredPolicy>> {
  const { cas, spiffeIdPattern, pathPattern, permissions } = request;
  const name = parsePolicyName(request.name);
  if (name === undefined)
    return (await isPermitted(deps)) ? invalidPolicy({ member: "name", ...NAME_RULE }) : failed("denied");
  // Compiles the patterns once, and only for a caller who may put policies.
  let checked: CheckedPolicy | undefined;
  const check = (): CheckedPolicy => (checked ??= checkPolicy(request));
  const resource = authorityResource(POLICIES, name);
  const write = {
    ...request,
    action: "put",
    resource,
    request: {
      label: "request",
      fields: ["policy.put", name, cas ?? null, spiffeIdPattern, pathPattern, ...permissions],
    },
  };
  const result = await auditedWrite(deps, write, {
    query: { ...POLICIES.query(name), chain: { resource } },
    tailOf: ({ chain }) => chain?.tail,
    parseOutcome: () => ({}),
    async decide(snapshot, { writeId, ring, time }) {
      const valid = check();
      if (!valid.ok) return invalidPolicy(valid.fault);
      const report = (fault: SealFault): void => deps.reportPolicy({ policy: name, ...fault });
      const { store, trie } = authorityIn(snapshot);
      const loaded = { ring: deps.ring, store, trie, name, row: snapshot.policy?.row };
      const found = await findReplaceable(POLICIES, { ...loaded, report });
      if (cas !== undefined && cas !== (found?.version ?? 0)) return failed("version_conflict");
      const row = await sealPolicy({ ring, randomBytes: deps.randomBytes }, valid.rules, {
        storeId: store.storeId,
        name,
        writeId,
        base: store.revision,
        epoch: store.epoch,
        slot: slotOfRow(POLICIES, name).prefix,
        createdAt: found?.value?.createdAt ?? time,
        updatedAt: time,
      });
      const policy: PolicyChange =
        found?.seen === undefined ? { kind: "create", row } : { kind: "update", seen: found.seen, row };
      const authority = { trie: withRow(POLICIES, trie, { name, row }) };
      return { ok: true, change: { policy }, authority, isRepair: isDamaged(found), outcome: {} };
    },
  });
  if (!result.ok) return result;
  const valid = check();
  return { ok: true, answer: { revision: result.answer.revision, warnings: valid.ok ? valid.warnings : [] } };
}
