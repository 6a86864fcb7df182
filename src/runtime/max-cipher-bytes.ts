import type { Config } from "./config.ts";

/** Bytes in the body of a decrypt request for everything but the ciphertext. */
const OTHER_FIELDS = 256;

/** The largest accepted ciphertext. In base64 it has to fit into the body of a decrypt request. */
export function maxCipherBytes({ maxCipherBytes, maxBodyBytes }: Config): number {
  return Math.min(maxCipherBytes, Math.floor(((maxBodyBytes - OTHER_FIELDS) * 3) / 4));
}
