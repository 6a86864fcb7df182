import type { Violation } from "../../../json/fault.ts";
import { integer, integers } from "../../../json/member.ts";
import type { SealFault } from "../../../seal/seal-error.ts";
import { removeSecret } from "../../../secret/remove.ts";
import { pathMember } from "./path-member.ts";
import { secretOperation } from "./secret-operation.ts";

const NO_VERSIONS: Violation = {
  rule: "must be empty: all versions are removed; to delete single versions, use action=delete",
};

/**
 * `POST /v1/store/secrets?action=remove`: removes a secret with all its versions.
 *
 * It cannot be undone, so `write` does not permit it: a workload that can only soft-delete cannot destroy what its operators
 * may need.
 */
export const remove = secretOperation({
  action: "secret.remove",
  wanted: "super",
  members: {
    path: pathMember,
    cas: integer({ min: 0 }),
    // Otherwise a request to delete single versions would remove all of them.
    versions: integers({ rule: NO_VERSIONS, isValid: () => false }),
  },
  errorBody: (err) => ({ err }),
  async run({ deps, origin, path }, { cas }) {
    const result = await removeSecret(deps, { ...origin, path, cas });
    if (!result.ok) return result;
    const { revision, fault } = result.answer;
    // No version is current now. 0 is also the `cas` that the next put needs.
    const body = JSON.stringify({ version: 0, revision });
    return { ok: true, body, ...(fault !== undefined && { warnings: [faultText(fault)] }) };
  },
});

function faultText(fault: SealFault["reason"]): string {
  return `The removed secret did not verify (${fault}). The log has the details.`;
}
