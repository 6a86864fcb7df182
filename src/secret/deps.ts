import type { WriteDeps } from "../commit/deps.ts";

/** What secret operations need, for one request. */
export interface SecretDeps extends WriteDeps {
  /** Number of versions that a new secret keeps. */
  readonly keptVersions: number;
}
