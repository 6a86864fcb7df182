import type { RandomBytes } from "../seal/data-key.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { Access } from "../store/access.ts";
import type { Attempts } from "../store/attempts.ts";
import type { Store } from "../store/store.ts";
import type { ReplicaUnusable } from "./replica-unusable.ts";
import type { Mark } from "./bookmark/mark.ts";

/** What a write needs, for one request. */
export interface WriteDeps {
  readonly store: Store;
  readonly ring: KeyRing;
  readonly attempts: Attempts;
  readonly randomBytes: RandomBytes;
  /** Called with the moment of the commit that an acknowledged write made, or of a later state. */
  readonly onCommitted?: ((mark: Mark) => void) | undefined;
  /** Called when the store's replica cannot be used for this request, and the primary serves it. */
  readonly onReplicaUnusable?: ((problem: ReplicaUnusable) => void) | undefined;
  /** How old a stored heartbeat may be before a commit replaces it, in milliseconds. Undefined: commits write none. */
  readonly heartbeatMs?: number | undefined;
  /** Decides whether the caller may do this, in each snapshot. */
  readonly access: Access;
}
