import { verifyEntry } from "../commit/entry.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { requireMac } from "../seal/mac.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, SecretRow, StoreRow } from "../store/rows.ts";
import type { SecretView } from "../store/store.ts";
import { headContext, historyContext } from "./contexts.ts";
import type { SecretPath } from "./secret-path.ts";

/** The audit action that takes a head away: after it, and only after it, a path with a past may be without one. */
const REMOVAL = "remove";

/**
 * Whether what was loaded of one secret is what this service wrote last: the head and its versions authentic, and the
 * newest audit entry of the path the one that wrote this very head. An older head put back, or one taken away, has an
 * entry that says so.
 *
 * Returns the head, or nothing where there is none. @throws SealError
 */
export async function verifySecret(
  ring: KeyRing,
  store: StoreRow,
  asked: { readonly path: SecretPath; readonly view: SecretView },
): Promise<SecretRow | undefined> {
  const { path, view } = asked;
  const { head, states, tail } = view;
  // Rows of another path are as authentic: an answer to another question must not pass for the one to this.
  if ((head !== undefined && head.path !== path) || (tail !== undefined && tail.resource !== `secret:${path}`)) {
    throw new SealError("inconsistent", `rows of another path were given for "secret:${path}"`);
  }
  if (head === undefined) {
    await verifyAbsence(ring, store, view);
    return undefined;
  }
  if (tail === undefined) throw inconsistent(head, "has no audit entry");
  requirePlace(store, head, tail);
  const identity = { storeId: store.storeId, path, born: head.born };
  await Promise.all([
    verifyEntry(ring, store, tail),
    requireMac(ring, headContext(store.storeId, head), head),
    states && requireMac(ring, historyContext(identity, states), { keyId: head.keyId, mac: head.history }),
  ]);
  return head;
}

async function verifyAbsence(ring: KeyRing, store: StoreRow, view: SecretView): Promise<void> {
  const { states, version, tail } = view;
  if (version !== undefined || (states?.length ?? 0) > 0) {
    throw new SealError("inconsistent", "versions of a secret without a head");
  }
  if (tail === undefined) return;
  await verifyEntry(ring, store, tail);
  if (tail.action !== REMOVAL) throw new SealError("inconsistent", `head of "${tail.resource}" is missing`);
}

function requirePlace(store: StoreRow, head: SecretRow, tail: AuditRow): void {
  if (tail.writeId !== head.writeId || tail.seq !== head.seq) {
    throw inconsistent(head, "is not the one its newest audit entry wrote");
  }
  if (head.version !== tail.revision) throw inconsistent(head, "has a row version that is not that of its audit entry");
  if (!(head.base < head.version && head.version <= store.revision && head.epoch <= store.epoch)) {
    throw inconsistent(head, "stands outside its store");
  }
}

function inconsistent(head: SecretRow, what: string): SealError {
  return new SealError("inconsistent", `head of "secret:${head.path}" ${what}`);
}
