import type { SecretRow } from "../store/rows.ts";

/**
 * The current time for a secret: the database's clock, but never earlier than the secret's last write. Otherwise a clock
 * that is set back would put a recent deletion into the future, and the deleted value could be read again.
 */
export function writeTime(now: number, head: SecretRow | undefined): number {
  return Math.max(now, head?.writtenAt ?? 0);
}
