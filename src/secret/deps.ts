import type { WriteDeps } from "../commit/deps.ts";

/** What secret operations need, for one request. */
export interface SecretDeps extends WriteDeps {
  /** Number of versions to keep for a secret that does not set its own. */
  readonly keptVersions: number;
}
