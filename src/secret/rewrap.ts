import type { RewrapInput } from "../commit/build-change.ts";
import type { SecretChange, SecretView } from "../store/store.ts";
import { sealChange } from "./seal-change.ts";
import { writeTime } from "./write-time.ts";
import { verifyStoredSecret } from "./verify-secret.ts";

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
  const head = await verifyStoredSecret(input.ring, { store: input.store, keys: [] }, view);
  const now = writeTime(input, head);
  const change = await sealChange(
    { versions: view.states ?? [] },
    { ...input, path: head.path, head, now, keptVersions: head.keptVersions },
  );
  return { change, version: head.current };
}
