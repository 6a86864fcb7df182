import { bytesToHex } from "@noble/curves/utils.js";
import type { RandomBytes } from "../seal/data-key.ts";

/**
 * The highest revision that a lost commit can have. Far enough below 2^53 that revisions and version numbers above it remain exact
 * in JavaScript and in JSON.
 */
export const MAX_BEYOND = 2 ** 52 - 1;

/**
 * Names the generation that starts when a backup of the database is put into service: `BEYOND.TIME.RANDOM`. A counter would not
 * do, because one backup can be restored twice.
 *
 * @param beyond the highest revision that anyone has seen
 */
export function createGeneration(
  beyond: number,
  { now, randomBytes }: { readonly now: number; readonly randomBytes: RandomBytes },
): string {
  return `${beyond}.${now.toString(36)}.${bytesToHex(randomBytes(8))}`;
}

/** The revision that lost commits did not exceed when this generation started. 0 in the first generation, which has no name. */
export function beyondOf(generation: string): number {
  const [beyond = ""] = generation.split(".");
  return Number(beyond);
}
