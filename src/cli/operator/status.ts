import type { Connection } from "../nexus.ts";
import type { Surroundings } from "../surroundings.ts";
import { type KeyStatus, readStatus, rowsOf, type Status } from "./key-status.ts";

/** `spike operator status`: what depends on which root key, and what is to be done about it. */
export async function status(
  surroundings: Surroundings,
  options: Connection & { readonly json?: boolean },
): Promise<void> {
  const found = await readStatus(surroundings, options);
  if (options.json === true) {
    surroundings.print(JSON.stringify(found.json));
    return;
  }
  for (const key of found.keys) surroundings.print(lineOf(key, found));
}

function lineOf(key: KeyStatus, status: Status): string {
  const { keyId, rows, auditEntries } = key;
  const counts = Object.entries(rows).map(([kind, count]) => `${kind} ${count}`);
  return `${keyId}: ${counts.join(", ")}; audit entries ${auditEntries}. ${adviceOn(key, status)}`;
}

function adviceOn(key: KeyStatus, { primary, first }: Status): string {
  const { keyId, inRing, registered } = key;
  const count = rowsOf(key);
  if (keyId === primary) return "New rows are written under it.";
  if (!inRing) {
    return count === 0
      ? "It is not in SPIKE_ROOT_KEYS, and no row needs it."
      : `It is NOT in SPIKE_ROOT_KEYS, and ${count} rows need it: put it back.`;
  }
  if (keyId === first && !registered) {
    return `It is first in SPIKE_ROOT_KEYS and not written with yet: run "spike operator register ${keyId}".`;
  }
  if (count > 0) return `Still needed: run "spike operator rewrap".`;
  return keyId === first ? "It is first, and nothing is written yet." : "No row needs it: it may go.";
}
