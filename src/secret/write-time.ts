import type { SecretRow } from "../store/rows.ts";

/**
 * The current time for a secret: the effective time, but never earlier than the secret's last write. Otherwise a clock that is
 * set back would put a recent deletion into the future, and the deleted value could be read again.
 */
export function writeTime({ time }: { readonly time: number }, head: SecretRow | undefined): number {
  return Math.max(time, head?.writtenAt ?? 0);
}
