import { effectiveTime, timeBounds } from "../commit/effective-time.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { failed, type SecretResult } from "./failure.ts";
import type { SecretDeps } from "./deps.ts";
import type { SecretPath } from "./secret-path.ts";
import { writeTime } from "./write-time.ts";
import { verifySecret } from "./verify-secret.ts";
import { summarize, type Versions } from "./versions.ts";

/** Metadata of a secret. Times are milliseconds since the epoch. */
export interface Metadata {
  readonly current: number;
  readonly oldest: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly maxVersions: number;
  readonly versions: Versions;
}

/**
 * Reads the whole history of a secret, including deleted versions and fully deleted secrets. Returns `not_found` if
 * `number` is not 0 and no such version is stored. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function getMetadata(
  deps: SecretDeps,
  { path, number }: { readonly path: SecretPath; readonly number: number },
): Promise<SecretResult<Metadata>> {
  const snapshot = await loadPermitted(deps, { secret: { path, version: "none" } });
  if (snapshot === undefined) return failed("denied");
  const head = await verifySecret(deps.ring, snapshot, { path, view: snapshot.secret });
  if (head === undefined) return failed("not_found");
  const versions = snapshot.secret.states ?? [];
  if (number !== 0 && !versions.some((version) => version.number === number)) return failed("not_found");
  const time = effectiveTime(snapshot, timeBounds(deps.attempts.now()));
  const { current, oldest } = summarize(versions, writeTime({ time }, head));
  const { createdAt, updatedAt } = head;
  const maxVersions = head.maxVersions || head.keptVersions;
  return { ok: true, answer: { current, oldest, createdAt, updatedAt, maxVersions, versions } };
}
