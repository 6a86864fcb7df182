import type { WriteRoom } from "../audit/audited-write.ts";

/** What the verbs of this room work with, for one request. */
export interface SecretRoom extends WriteRoom {
  /** Kept versions of a secret that sets no number of its own. */
  readonly keptVersions: number;
}
