import type { ResealInput } from "../commit/audited-write.ts";
import { SealError } from "../seal/seal-error.ts";
import type { SecretChange, SecretView } from "../store/store.ts";
import { sealChange } from "./seal-change.ts";
import { parseSecretPath } from "./secret-path.ts";
import { writeTime } from "./write-time.ts";
import { verifySecret } from "./verify-secret.ts";

/**
 * The change that puts a secret under the primary key of `place.ring`: its data key wrapped anew, its history and its head
 * under new MACs. Values stay as they are and are not opened.
 *
 * @param view with the states of all versions
 * @throws SealError when the secret is not what this service wrote last
 */
export async function rewrapSecret(
  view: SecretView,
  { now: clock, ...place }: ResealInput,
): Promise<{ readonly change: SecretChange; readonly version: number; readonly now: number }> {
  const path = parseSecretPath(view.head?.path ?? "");
  if (path === undefined) throw new SealError("malformed", "a secret has a path that is none");
  const head = await verifySecret(place.ring, place.store, { path, view });
  const now = writeTime(clock, head);
  const change = await sealChange({ versions: view.states ?? [] }, { ...place, path, head, now });
  return { change, version: head?.current ?? 0, now };
}
