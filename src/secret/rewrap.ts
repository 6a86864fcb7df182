import type { RewrapInput } from "../commit/build-change.ts";
import { SealError } from "../seal/seal-error.ts";
import type { SecretChange, SecretView } from "../store/store.ts";
import { sealChange } from "./seal-change.ts";
import { parseSecretPath } from "./secret-path.ts";
import { writeTime } from "./write-time.ts";
import { verifySecret } from "./verify-secret.ts";

/**
 * Moves a secret to the primary key of `input.ring`: wraps its data key again and signs its history and head again. Values
 * are neither changed nor decrypted.
 *
 * @param view must include the states of all versions
 * @throws SealError if the stored secret is not the one this service wrote last
 */
export async function rewrapSecret(
  view: SecretView,
  input: RewrapInput,
): Promise<{ readonly change: SecretChange; readonly version: number }> {
  const path = parseSecretPath(view.head?.path ?? "");
  if (path === undefined) throw new SealError("malformed", "a secret has an invalid path");
  const head = await verifySecret(input.ring, input.store, { path, view });
  if (head === undefined) throw new SealError("inconsistent", "a secret to rewrap has no head");
  const now = writeTime(input, head);
  const change = await sealChange(
    { versions: view.states ?? [] },
    { ...input, path, head, now, keptVersions: head.keptVersions },
  );
  return { change, version: head.current };
}
