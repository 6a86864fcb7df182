import type { RandomBytes } from "../seal/data-key.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { Access } from "../store/access.ts";
import type { Attempts } from "../store/attempts.ts";
import type { Store } from "../store/store.ts";

/** What a write needs, for one request. */
export interface WriteDeps {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly attempts: Attempts;
  readonly randomBytes: RandomBytes;
  /** Decides whether the caller may do this, in each snapshot. */
  readonly access: Access;
}
