import { buildChange } from "../../src/commit/build-change.ts";
import type { KeyRing } from "../../src/seal/key-ring.ts";
import { sealChange } from "../../src/secret/seal-change.ts";
import type { BulkStore, Change, Snapshot } from "../../src/store/store.ts";

const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const signal = new AbortController().signal;
const BATCH = 100;

/** The stored JSON text of secret `path`. */
export const valueOf = (path: string) => JSON.stringify({ v: `value of ${path}` });

/**
 * Stores secrets with one version each, including their audit entries. The result is the same as after one put per secret, but
 * takes a fraction of the time. The store must already contain a commit.
 */
export async function storeManySecrets(store: BulkStore, ring: KeyRing, paths: readonly string[]): Promise<void> {
  for (let start = 0; start < paths.length; start += BATCH) {
    const snapshot = await store.load({}, signal);
    const batch = paths.slice(start, start + BATCH);
    const changes = await Promise.all(
      batch.map(
        async (path) => await creationOf({ path, text: valueOf(path), writeId: `first ${path}` }, ring, snapshot),
      ),
    );
    const { revisions } = await store.commitEach(changes, {}, signal);
    if (revisions.includes(undefined)) throw new Error("Cannot store the secrets: another writer changed the store");
  }
}

/** The change of a put that creates a secret, decided on a snapshot. */
export async function creationOf(
  { path, text, writeId }: { readonly path: string; readonly text: string; readonly writeId: string },
  ring: KeyRing,
  snapshot: Snapshot<object>,
): Promise<Change> {
  const { store, now } = snapshot;
  const resource = `secret:${path}`;
  const place = { writeId, seq: 1, ring, time: now };
  const state = { number: 1, writeId, createdAt: now, deletedAt: null, destroyedAt: null };
  const edit = { versions: [state], added: { state, text } };
  const secret = await sealChange(edit, { ...place, path, store, head: undefined, now, randomBytes, keptVersions: 10 });
  const caller = "spiffe://spike.ist/spike/pilot/role/superuser";
  const request = { label: "request", fields: [resource] };
  // The length of a real trace id.
  const traceId = "0".repeat(32);
  const write = { caller, action: "put", resource, traceId, request };
  const verdict = { ok: true, change: { secret }, outcome: { version: 1 } } as const;
  return await buildChange(verdict, {
    write,
    place,
    tail: undefined,
    snapshot,
    rests: [],
    attempts: { now: () => now, endsAt: now + 60_000 },
  });
}
