import type { WriteDeps } from "../commit/audited-write.ts";

/** What the verbs of this room work with, for one request. */
export interface CipherDeps extends Pick<WriteDeps, "store" | "ring" | "attempts" | "access" | "randomBytes"> {
  /** Bytes that a ciphertext may have, its tag included. */
  readonly maxCipherBytes: number;
}
