import type { SecretRow } from "../store/rows.ts";

/**
 * The time that counts for a secret: the database's clock, but never before the secret was last written. Set back, the
 * clock would let a deletion of a moment ago lie ahead, and the deleted value be read.
 */
export function writeTime(now: number, head: SecretRow | undefined): number {
  return Math.max(now, head?.writtenAt ?? 0);
}
