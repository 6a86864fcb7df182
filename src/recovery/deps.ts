import type { WriteDeps } from "../commit/audited-write.ts";
import type { RootKey } from "../seal/root-key.ts";

/** How a root key is split: `threshold` of `shares` bring it back. */
export interface Split {
  readonly threshold: number;
  readonly shares: number;
}

/** What the verbs of this room work with, for one request. */
export interface RecoveryDeps extends Pick<WriteDeps, "store" | "ring" | "attempts" | "access"> {
  readonly split: Split;
  /** Fresh copies of the root keys; whoever asks for them wipes them. */
  readonly rootKeys: () => readonly RootKey[];
}
