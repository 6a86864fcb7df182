import type { Connection } from "../call-nexus.ts";
import type { CliIo } from "../cli-io.ts";
import { countRows, type KeyStatus, readRingStatus, type RingStatus } from "./key-status.ts";

/** `spike operator status`: prints the id of the store, which rows depend on which root key, and the next step for each key. */
export async function status(io: CliIo, options: Connection & { readonly json?: boolean }): Promise<void> {
  const ring = await readRingStatus(io, options);
  if (options.json === true) {
    io.print(JSON.stringify(ring.json));
    return;
  }
  io.print(`Store id: ${ring.storeId}`);
  for (const key of ring.keys) io.print(formatKey(key, ring));
}

function formatKey(key: KeyStatus, ring: RingStatus): string {
  const { keyId, rows, auditEntries } = key;
  const counts = Object.entries(rows).map(([kind, count]) => `${kind} ${count}`);
  return `${keyId}: ${counts.join(", ")}; audit entries ${auditEntries}. ${nextStep(key, ring)}`;
}

function nextStep(key: KeyStatus, { primary, first }: RingStatus): string {
  const { keyId, inRing, registered } = key;
  const rows = countRows(key);
  if (keyId === primary) {
    return registered
      ? "New rows are written under this key."
      : "Signs the store, but its check value is missing: someone changed the database. Writes fail.";
  }
  if (!inRing) {
    return rows === 0
      ? "Not in SPIKE_ROOT_KEYS, and no row needs it."
      : `NOT in SPIKE_ROOT_KEYS, but ${rows} rows need it: put it back.`;
  }
  if (keyId === first && !registered) {
    return `First in SPIKE_ROOT_KEYS, but not registered: run "spike operator register ${keyId}".`;
  }
  if (keyId === first) {
    return `First in SPIKE_ROOT_KEYS, but rows are written under "${primary}": put "${primary}" first, or run "spike operator register ${keyId}" to write under this key again.`;
  }
  if (rows > 0) return `Still needed: run "spike operator rewrap".`;
  return "No row needs it: you can remove it.";
}
