import type { WriteDeps } from "../commit/audited-write.ts";

/** What the verbs of this room work with, for one request. */
export interface SecretDeps extends WriteDeps {
  /** Kept versions of a secret that sets no number of its own. */
  readonly keptVersions: number;
}
