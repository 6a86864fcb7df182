import { verifyEntry } from "../commit/entry.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { requireMac } from "../seal/mac.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, SecretRow, StoreRow } from "../store/rows.ts";
import type { SecretView } from "../store/store.ts";
import { headContext, historyContext, type SecretIdentity } from "./contexts.ts";
import type { SecretPath } from "./secret-path.ts";
import type { Versions } from "./versions.ts";

/** The audit action that removes a head. A path with audit entries may lack a head only if this is its newest action. */
const REMOVAL = "remove";

/**
 * Verifies that a loaded secret is the one this service wrote last: the head and its versions are authentic, and the newest
 * audit entry of the path is the one that wrote this head. That entry reveals an old head that was put back, or a head that
 * was deleted behind our back.
 *
 * Returns the head, or undefined if there is no such secret.
 *
 * @throws SealError
 */
export async function verifySecret(
  ring: KeyRing,
  store: StoreRow,
  { path, view }: { readonly path: SecretPath; readonly view: SecretView },
): Promise<SecretRow | undefined> {
  const { head, states, tail } = view;
  // Rows of another path are authentic too: the database must not answer with another secret.
  if ((head !== undefined && head.path !== path) || (tail !== undefined && tail.resource !== `secret:${path}`)) {
    throw new SealError("inconsistent", `rows of another path were returned for "secret:${path}"`);
  }
  if (head === undefined) {
    await verifyAbsence(ring, store, view);
    return undefined;
  }
  if (tail === undefined) throw inconsistent(head, "has no audit entry");
  requireSameCommit(store, head, tail);
  const identity = { storeId: store.storeId, path, born: head.born };
  await Promise.all([
    verifyEntry(ring, store, tail),
    requireMac(ring, headContext(store.storeId, head), head),
    states && verifyHistory(ring, head, { identity, states }),
  ]);
  return head;
}

/** Verifies the states of all versions, which have a MAC of their own. */
async function verifyHistory(
  ring: KeyRing,
  head: SecretRow,
  { identity, states }: { readonly identity: SecretIdentity; readonly states: Versions },
): Promise<void> {
  await requireMac(ring, historyContext(identity, states), { keyId: head.keyId, mac: head.history });
}

async function verifyAbsence(ring: KeyRing, store: StoreRow, view: SecretView): Promise<void> {
  const { states, version, tail } = view;
  if (version !== undefined || (states?.length ?? 0) > 0) {
    throw new SealError("inconsistent", "a secret has versions but no head");
  }
  if (tail === undefined) return;
  await verifyEntry(ring, store, tail);
  if (tail.action !== REMOVAL) throw new SealError("inconsistent", `head of "${tail.resource}" is missing`);
}

function requireSameCommit(store: StoreRow, head: SecretRow, tail: AuditRow): void {
  if (tail.writeId !== head.writeId || tail.seq !== head.seq) {
    throw inconsistent(head, "was not written by its newest audit entry");
  }
  if (head.version !== tail.revision)
    throw inconsistent(head, "has a row version that differs from its audit entry's revision");
  if (!(head.base < head.version && head.version <= store.revision && head.epoch <= store.epoch)) {
    throw inconsistent(head, "has a revision or epoch outside the range of its store");
  }
}

function inconsistent(head: SecretRow, what: string): SealError {
  return new SealError("inconsistent", `head of "secret:${head.path}" ${what}`);
}
