import type { WriteRoom } from "../audit/audited-write.ts";

/** What the verbs of this room work with, for one request. */
export interface CipherRoom extends Pick<WriteRoom, "store" | "ring" | "attempts" | "access" | "random"> {
  /** Bytes that a ciphertext may have, its tag included. */
  readonly mostCipherBytes: number;
}
