import type { RandomBytes } from "../seal/data-key.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { Attempts } from "../store/attempts.ts";
import type { Store } from "../store/store.ts";

/** What the verbs of this room work with, for one request. */
export interface SecretRoom {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly attempts: Attempts;
  readonly random: RandomBytes;
  /** Kept versions of a secret that sets no number of its own. */
  readonly keptVersions: number;
}
