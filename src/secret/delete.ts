import { failed, type SecretResult } from "./failure.ts";
import type { SecretDeps } from "./deps.ts";
import { deleteVersions, missingNumbers, summarize } from "./versions.ts";
import { outcomeOf, type WriteRequest, writeSecret, type Written } from "./write.ts";

/**
 * Soft-deletes versions. An empty list, or 0, means the current version. Unknown and already deleted numbers are
 * ignored, and a request that changes nothing succeeds. Returns `not_found` if the path does not exist.
 *
 * @throws SealError, StoreUnavailable
 */
export async function deleteSecret(
  deps: SecretDeps,
  request: WriteRequest & { readonly numbers: readonly number[] },
): Promise<SecretResult<Written>> {
  const { numbers } = request;
  return await writeSecret(deps, request, {
    action: "delete",
    body: numbers,
    decide(secret, { now }) {
      if (secret === undefined) return failed("not_found");
      const { versions, changed } = deleteVersions(secret.versions, numbers, now);
      const edit = { versions, ...(changed.length > 0 && { softDelete: { numbers: changed, at: now } }) };
      const missing = missingNumbers(secret.versions, numbers);
      return { ok: true, edit, outcome: outcomeOf(summarize(versions, now).current, changed, missing) };
    },
  });
}
