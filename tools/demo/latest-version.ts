import type { Ledger } from "./ledger.ts";

/** The highest version of a secret that was acknowledged so far; 0: none. */
export function latestVersion({ writes }: Ledger, path: string): number {
  const puts = writes.filter(({ action, resource }) => action === "put" && resource === `secret:${path}`);
  return Math.max(0, ...puts.map(({ version }) => version));
}
