import type { WriteDeps } from "../commit/deps.ts";

/** What the cipher operations need, for one request. */
export interface CipherDeps extends Pick<WriteDeps, "store" | "ring" | "attempts" | "access" | "randomBytes"> {
  /** The maximum size of a ciphertext in bytes, including its tag. */
  readonly maxCipherBytes: number;
}
