import { sealEntry, verifyEntry } from "../audit/entry.ts";
import { firstCommit, requirePrimary, verifyStore } from "../audit/store-row.ts";
import type { Field } from "../seal/encoding.ts";
import { type KeyRing, ringKey } from "../seal/key-ring.ts";
import { isMacOf, macOf } from "../seal/mac.ts";
import type { Context } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, Bytes, SecretRow } from "../store/rows.ts";
import type { Snapshot } from "../store/store.ts";
import { type Decision, transact } from "../store/transact.ts";
import { failed, type SecretFailure, type SecretResult } from "./failure.ts";
import type { SecretRoom } from "./room.ts";
import { sealChange, type VersionEdit } from "./seal-change.ts";
import type { SecretPath } from "./secret-path.ts";
import { timeOf } from "./time-of.ts";
import { verifySecret } from "./verify-secret.ts";
import type { Versions } from "./versions.ts";
import { writeIdOf } from "./write-id.ts";

/** Who changes what, and how the change is told apart from others. */
export interface WriteRequest {
  /** SPIFFE ID of the caller. */
  readonly caller: string;
  readonly path: SecretPath;
  /** Highest number written so far, as the caller believes; 0 = none ever. */
  readonly cas: number | undefined;
  readonly idempotencyKey: string | undefined;
  readonly traceId: string;
}

/** `version`: the number written, or the current one that results. `revision`: that of the commit. */
export interface Written {
  readonly version: number;
  readonly revision: number;
}

/** A verb: its name in the audit, what else makes the request this very one, and what it does to a secret. */
export interface Verb {
  readonly action: "put" | "delete" | "undelete";
  readonly body: readonly Field[];
  judge(secret: FoundSecret | undefined, write: { readonly writeId: string; readonly now: number }): Verdict;
}

export interface FoundSecret {
  readonly head: SecretRow;
  readonly versions: Versions;
}

export type Verdict =
  | { readonly ok: false; readonly failure: SecretFailure }
  | { readonly ok: true; readonly edit: VersionEdit; readonly version: number };

type WriteQuery = {
  readonly secret: { readonly path: string; readonly version: "none" };
  readonly writeId: string;
};

/**
 * Carries out a verb on one secret, exactly once: two round trips when nobody interferes.
 *
 * @throws SealError, StoreUnavailable
 */
export async function writeSecret(room: SecretRoom, request: WriteRequest, verb: Verb): Promise<SecretResult<Written>> {
  const writeId = await writeIdOf(request.caller, request.idempotencyKey, room.random);
  const query: WriteQuery = { secret: { path: request.path, version: "none" }, writeId };
  const digest = digestContext(request, verb);
  const write = { request, verb, writeId, digest, requestMac: await macOf(room.ring.primary, digest) };
  const decide = async (snapshot: Snapshot<WriteQuery>): Promise<Decision<Written, SecretFailure>> =>
    await decideWrite(room, write, snapshot);
  return await transact(room.store, query, { attempts: room.attempts, decide });
}

const CONFLICT = { kind: "refused", failure: { code: "version_conflict" } } as const;

interface Write {
  readonly request: WriteRequest;
  readonly verb: Verb;
  readonly writeId: string;
  readonly digest: Context;
  readonly requestMac: Bytes;
}

async function decideWrite(
  room: SecretRoom,
  write: Write,
  snapshot: Snapshot<WriteQuery>,
): Promise<Decision<Written, SecretFailure>> {
  const { request, verb, writeId } = write;
  await verifyStore(room.ring, snapshot);
  if (snapshot.replay !== undefined) return await settle(room.ring, write, { snapshot, replay: snapshot.replay });
  requirePrimary(room.ring, snapshot);
  const head = await verifySecret(room.ring, snapshot.store, { path: request.path, view: snapshot.secret });
  const now = timeOf(snapshot.now, head);
  const conflict = request.cas !== undefined && request.cas !== (head?.latest ?? 0);
  if (conflict && head !== undefined) return CONFLICT;
  const verdict = verb.judge(head && { head, versions: snapshot.secret.states ?? [] }, { writeId, now });
  if (!verdict.ok) return { kind: "refused", failure: verdict.failure };
  if (conflict) return CONFLICT;
  return await prepare(room, write, { snapshot, head, verdict, now });
}

/** Seals what was decided into the one change that commits it. */
async function prepare(
  room: SecretRoom,
  write: Write,
  decided: {
    readonly snapshot: Snapshot<WriteQuery>;
    readonly head: SecretRow | undefined;
    readonly verdict: Extract<Verdict, { readonly ok: true }>;
    readonly now: number;
  },
): Promise<Decision<Written, SecretFailure>> {
  const { request, verb, writeId, requestMac } = write;
  const { snapshot, head, verdict, now } = decided;
  const { store, newest } = snapshot;
  const { tail } = snapshot.secret;
  const seq = (tail?.seq ?? 0) + 1;
  const [secret, audit, init] = await Promise.all([
    sealChange(room, verdict.edit, { path: request.path, store, head, writeId, seq, now }),
    sealEntry(room.ring, store.storeId, {
      writeId,
      request: requestMac,
      at: now,
      spiffeId: request.caller,
      action: verb.action,
      resource: `secret:${request.path}`,
      seq,
      prev: tail?.mac ?? null,
      base: store.revision,
      anchor: newest,
      epoch: store.epoch,
      outcome: JSON.stringify({ version: verdict.version }),
      traceId: request.traceId,
    }),
    store.revision === 0 ? firstCommit(room.ring, store, now) : undefined,
  ]);
  return {
    kind: "commit",
    change: { audit, tail: tail?.revision ?? 0, secret, ...(init && { init }) },
    answer: (revision) => ({ version: verdict.version, revision }),
  };
}

/** A write id met again: the same request gets the first answer, any other is refused. */
async function settle(
  ring: KeyRing,
  write: Write,
  found: { readonly snapshot: Snapshot<WriteQuery>; readonly replay: AuditRow },
): Promise<Decision<Written, SecretFailure>> {
  const { snapshot, replay } = found;
  // Any entry of ours is authentic: it has to be the one that was asked for, or an old answer could pass for this one.
  if (replay.writeId !== write.writeId || replay.spiffeId !== write.request.caller) {
    throw new SealError("inconsistent", "an entry of another write was given for this one");
  }
  await verifyEntry(ring, snapshot.store, replay);
  if (!(await isMacOf(ringKey(ring, replay.keyId), write.digest, replay.request))) {
    return { kind: "refused", failure: failed("idempotency_key_reused").failure };
  }
  return { kind: "settled", answer: { version: versionIn(replay.outcome), revision: replay.revision } };
}

/** Keyed, so that the database does not tell which of two likely values was written. */
function digestContext(request: WriteRequest, verb: Verb): Context {
  return { label: "request", fields: [verb.action, request.path, request.cas ?? null, ...verb.body] };
}

function versionIn(outcome: string): number {
  const parsed: unknown = JSON.parse(outcome);
  if (typeof parsed === "object" && parsed !== null && "version" in parsed && typeof parsed.version === "number") {
    return parsed.version;
  }
  throw new SealError("malformed", "an audit entry of a secret tells no version");
}
