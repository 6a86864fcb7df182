import { failed, type SecretResult } from "./failure.ts";
import type { SecretDeps } from "./deps.ts";
import { missingNumbers, restoreVersions, summarize } from "./versions.ts";
import { outcomeOf, type WriteRequest, writeSecret, type Written } from "./write.ts";

/**
 * Restores soft-deleted versions. An empty list, or 0, means the newest version. Returns `not_found` if the path does not
 * exist or no listed version can be restored.
 *
 * @throws SealError, StoreUnavailable
 */
export async function undeleteSecret(
  deps: SecretDeps,
  request: WriteRequest & { readonly numbers: readonly number[] },
): Promise<SecretResult<Written>> {
  const { numbers } = request;
  return await writeSecret(deps, request, {
    action: "undelete",
    body: numbers,
    decide(secret, { now }) {
      const restored = secret && restoreVersions(secret.versions, numbers, now);
      if (restored === undefined || restored.changed.length === 0) return failed("not_found");
      const { versions, changed } = restored;
      const edit = { versions, restore: { numbers: changed } };
      const missing = missingNumbers(secret?.versions ?? [], numbers);
      return { ok: true, edit, outcome: outcomeOf(summarize(versions, now).current, changed, missing) };
    },
  });
}
