import { bytesToHex } from "@noble/curves/utils.js";
import type { Share } from "../../seal/shamir.ts";

/** Formats a share as SPIKE does: `spike:NUMBER:` and 64 hexadecimal digits (SPIKE, app/spike/internal/cmd/operator). */
export function formatShare({ id, value }: Share): string {
  return `spike:${id}:${bytesToHex(value)}`;
}

/** Returns undefined if the text is not a share. The prefix before the number is ignored, as in SPIKE. */
export function parseShare(text: string): Share | undefined {
  const [, id, digits] = /^[^:\n]{0,32}:(\d{1,4}):([0-9a-fA-F]{64})$/.exec(text.trim()) ?? [];
  if (id === undefined || digits === undefined) return undefined;
  const value = Uint8Array.from({ length: 32 }, (_, index) =>
    Number.parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
  return { id: Number(id), value };
}
