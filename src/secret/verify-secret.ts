import { verifyEntry } from "../commit/entry.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { requireMac } from "../seal/mac.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuditRow, SecretRow, StoreRow } from "../store/rows.ts";
import type { AnySnapshot, SecretView } from "../store/store.ts";
import { headContext, historyContext } from "./contexts.ts";
import { REMOVAL } from "./removal.ts";
import { parseSecretPath, type SecretPath } from "./secret-path.ts";

/** The part of a snapshot that secrets are verified against. The store row is verified. */
export type StoreState = Pick<AnySnapshot, "store" | "keys">;

/** What a store returned for a path. */
interface Found {
  readonly path: SecretPath;
  readonly view: SecretView;
}

/**
 * Verifies that a loaded secret is the one this service wrote last: the head and its versions are authentic, and the newest
 * audit entry of the path is the one that wrote this head. That entry reveals an old head that was put back, or a head that
 * the database deleted.
 *
 * Returns the head, or undefined if there is no such secret.
 *
 * @throws SealError
 */
export async function verifySecret(ring: KeyRing, state: StoreState, found: Found): Promise<SecretRow | undefined> {
  const [head] = await Promise.all([verifyHead(ring, state, found), verifyHistory(ring, state.store, found)]);
  return head;
}

/**
 * {@link verifySecret} for a secret that was found in a list of rows, at the path that its head names.
 *
 * @param view must have a head, and should include the states of all versions
 * @throws SealError
 */
export async function verifyStoredSecret(
  ring: KeyRing,
  state: StoreState,
  view: SecretView,
): Promise<SecretRow & { readonly path: SecretPath }> {
  const path = parseSecretPath(view.head?.path ?? "");
  if (path === undefined) throw new SealError("malformed", "a secret has an invalid path");
  const head = await verifySecret(ring, state, { path, view });
  if (head === undefined) throw new SealError("inconsistent", `"secret:${path}" has no head`);
  return { ...head, path };
}

/** Verifies a secret as {@link verifySecret} does, except for the states of its versions. @throws SealError */
export async function verifyHead(
  ring: KeyRing,
  state: StoreState,
  { path, view }: Found,
): Promise<SecretRow | undefined> {
  const { store } = state;
  const { head, tail } = view;
  // Rows of another path are authentic too: the database must not answer with another secret.
  if ((head !== undefined && head.path !== path) || (tail !== undefined && tail.resource !== `secret:${path}`)) {
    throw new SealError("inconsistent", `rows of another path were returned for "secret:${path}"`);
  }
  if (head === undefined) {
    await verifyAbsence(ring, state, view);
    return undefined;
  }
  if (tail === undefined) throw inconsistent(head, "has no audit entry");
  requireSameCommit(store, head, tail);
  await Promise.all([verifyEntry(ring, store, tail), requireMac(ring, headContext(store.storeId, head), head)]);
  return head;
}

/** Verifies the states of all versions, which have a MAC of their own. */
async function verifyHistory(ring: KeyRing, { storeId }: StoreRow, { path, view }: Found): Promise<void> {
  const { head, states } = view;
  if (head === undefined || states === undefined) return;
  const { born, keyId, history } = head;
  await requireMac(ring, historyContext({ storeId, path, born }, states), { keyId, mac: history });
}

async function verifyAbsence(ring: KeyRing, { store, keys }: StoreState, view: SecretView): Promise<void> {
  const { states, version, tail } = view;
  if (version !== undefined || (states?.length ?? 0) > 0) {
    throw new SealError("inconsistent", "a secret has versions but no head");
  }
  if (tail === undefined) return;
  if (tail.action !== REMOVAL) throw new SealError("inconsistent", `head of "${tail.resource}" is missing`);
  try {
    await verifyEntry(ring, store, tail);
  } catch (error) {
    // The key of an old removal may have left the ring, and nothing signs the entry again. It must not block its path forever.
    // An attacker who can forge it can also delete all entries of the path, which then looks as if it was never used.
    const isRetired = error instanceof SealError && error.reason === "unknown_key";
    if (!isRetired || !keys.some(({ keyId }) => keyId === tail.keyId)) throw error;
  }
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
