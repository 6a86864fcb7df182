import { verifyStore } from "../audit/store-row.ts";
import { SealError } from "../seal/seal-error.ts";
import { load } from "../store/load.ts";
import { failed, type SecretResult } from "./failure.ts";
import type { SecretRoom } from "./room.ts";
import { parseSecretPath } from "./secret-path.ts";

/** The most names one answer holds. */
export const MOST_NAMES = 10_000;

/**
 * Paths that begin with `prefix`, those of fully deleted secrets included, as UTF-8 bytes ascending, from `after`
 * (exclusive) on. Without `limit` all of them or, beyond 10 000, a failure: never a part that looks like the whole.
 * One round trip. @throws SealError, StoreUnavailable
 */
export async function listSecrets(
  room: SecretRoom,
  asked: { readonly prefix: string; readonly after: string; readonly limit: number | undefined },
): Promise<SecretResult<readonly string[]>> {
  const { prefix, after, limit } = asked;
  const query = { paths: { prefix, after, limit: limit ?? MOST_NAMES + 1 } };
  const snapshot = await load(room.store, query, room.attempts);
  await verifyStore(room.ring, snapshot);
  const { paths } = snapshot;
  if (!isPage(paths, query.paths)) throw new SealError("inconsistent", "a list holds what was not asked for");
  if (paths.length > MOST_NAMES) return failed("too_many_names");
  return { ok: true, answer: paths };
}

/** A list can be forged, but not into what nobody asked for: only paths, in order, of that prefix, no more than wanted. */
function isPage(
  paths: readonly string[],
  asked: { readonly prefix: string; readonly after: string; readonly limit: number },
): boolean {
  const { prefix, after, limit } = asked;
  const fits = (path: string, index: number): boolean =>
    path > (paths[index - 1] ?? after) && path.startsWith(prefix) && parseSecretPath(path) !== undefined;
  return paths.length <= limit && paths.every(fits);
}
