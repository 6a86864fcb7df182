import { effectiveTime, timeBounds } from "../commit/effective-time.ts";
import { loadPermitted } from "../commit/load-permitted.ts";
import { SealError } from "../seal/seal-error.ts";
import type { SecretRow } from "../store/rows.ts";
import type { SecretView } from "../store/store.ts";
import { failed, type SecretResult } from "./failure.ts";
import { openValue } from "./open-value.ts";
import type { SecretDeps } from "./deps.ts";
import type { SecretPath } from "./secret-path.ts";
import { writeTime } from "./write-time.ts";
import { verifySecret } from "./verify-secret.ts";
import { isLive, summarize } from "./versions.ts";

/** One version and its value, as the JSON text that was written. */
export interface ReadVersion {
  readonly number: number;
  readonly text: string;
}

/**
 * Reads one version, or the current one if `number` is 0. Returns `not_found` if the path or version does not exist, if the
 * version is deleted, or if there is no current version. One round trip.
 *
 * @throws SealError, StoreUnavailable
 */
export async function getSecret(
  deps: SecretDeps,
  { path, number }: { readonly path: SecretPath; readonly number: number },
): Promise<SecretResult<ReadVersion>> {
  const version: "current" | number = number === 0 ? "current" : number;
  const bounds = timeBounds(deps.attempts.now());
  const snapshot = await loadPermitted(deps, { secret: { path, version, bounds } });
  if (snapshot === undefined) return failed("denied");
  const head = await verifySecret(deps.ring, snapshot, { path, view: snapshot.secret });
  if (head === undefined) return failed("not_found");
  const now = writeTime({ time: effectiveTime(snapshot, bounds) }, head);
  const wanted = number === 0 ? currentOf(head, snapshot.secret, now) : liveNumber(snapshot.secret, number, now);
  if (wanted.number === 0) return failed("not_found");
  const row = snapshot.secret.version;
  if (row?.number !== wanted.number || row.writeId !== wanted.writeId) {
    throw new SealError("inconsistent", `version ${wanted.number} of "secret:${path}" is missing`);
  }
  const text = await openValue(deps.ring, { storeId: snapshot.store.storeId, head }, row);
  return { ok: true, answer: { number: wanted.number, text } };
}

interface Wanted {
  readonly number: number;
  readonly writeId: string | null;
}

const NONE: Wanted = { number: 0, writeId: null };

/**
 * The head names the current version. Once that version has expired, only the states of all versions can. The database decides
 * by the same rule and the same time, so it has returned these states.
 */
function currentOf(head: SecretRow, { states }: SecretView, now: number): Wanted {
  if (head.currentUntil === null || head.currentUntil > now) {
    return { number: head.current, writeId: head.currentWriteId };
  }
  if (states === undefined) throw new SealError("inconsistent", `the versions of "secret:${head.path}" are missing`);
  const { current, currentWriteId } = summarize(states, now);
  return { number: current, writeId: currentWriteId };
}

function liveNumber(view: SecretView, number: number, now: number): Wanted {
  const state = view.states?.find((candidate) => candidate.number === number);
  return state !== undefined && isLive(state, now) ? state : NONE;
}
