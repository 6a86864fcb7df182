import type { WriteDeps } from "../commit/deps.ts";
import type { RootKey } from "../seal/root-key.ts";

/** How a root key is split: any `threshold` of `shares` restore it. */
export interface Split {
  readonly threshold: number;
  readonly shares: number;
}

/** What the recovery operations need, for one request. */
export interface RecoveryDeps extends Pick<WriteDeps, "store" | "ring" | "attempts" | "access"> {
  readonly split: Split;
  /** Returns copies of the root keys. The caller overwrites them after use. */
  readonly rootKeys: () => readonly RootKey[];
}
