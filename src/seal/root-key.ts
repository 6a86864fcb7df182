import { decodeBase64url } from "../encoding/base64.ts";
import { equalBytes } from "./equal-bytes.ts";
import { isScalar, toScalar } from "./p256-scalar.ts";

/** A configured root key: its id and 32 bytes, which must be a scalar of P-256 so that they can be split into shares. */
export interface RootKey {
  readonly id: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export type ParsedRing =
  | { readonly ok: true; readonly keys: readonly [RootKey, ...RootKey[]] }
  | { readonly ok: false; readonly problem: string };

const KEY_ID = /^[a-z0-9][a-z0-9_-]{0,31}$/;
const KEY_BYTES = 32;
const MAX_KEYS = 16;

/**
 * Parses `SPIKE_ROOT_KEYS`: comma-separated `id:base64url`. The first key is the primary.
 *
 * Two ids cannot have the same bytes: a rotation between them would report success and keep the key that leaked.
 *
 * A problem names the entry by its position and never quotes key material.
 */
export function parseRootKeys(text: string): ParsedRing {
  const keys: RootKey[] = [];
  for (const [index, entry] of text.split(",").entries()) {
    const parsed = parseEntry(entry.trim());
    if (typeof parsed === "string") return { ok: false, problem: `entry ${index + 1} ${parsed}` };
    if (keys.some((key) => key.id === parsed.id)) return { ok: false, problem: `entry ${index + 1} repeats a key id` };
    const twin = keys.findIndex(({ bytes }) => equalBytes(bytes, parsed.bytes));
    if (twin >= 0) {
      const problem = `entry ${index + 1} has the same key as entry ${twin + 1}: generate another key for each id`;
      return { ok: false, problem };
    }
    keys.push(parsed);
  }
  const [primary, ...rest] = keys;
  if (primary === undefined) return { ok: false, problem: "holds no key" };
  if (keys.length > MAX_KEYS) return { ok: false, problem: `holds more than ${MAX_KEYS} keys` };
  return { ok: true, keys: [primary, ...rest] };
}

function parseEntry(entry: string): RootKey | string {
  const colon = entry.indexOf(":");
  if (colon < 0) return "must have the form id:base64url";
  const id = entry.slice(0, colon);
  if (!KEY_ID.test(id)) return "has an invalid id: use 1 to 32 of a-z, 0-9, dash and underscore";
  const bytes = decodeBase64url(entry.slice(colon + 1));
  if (bytes === undefined) return "is not base64url without padding";
  if (bytes.length !== KEY_BYTES) return `holds ${bytes.length} bytes, not ${KEY_BYTES}`;
  if (!isScalar(toScalar(bytes))) return "is not a scalar of P-256: generate another key";
  return { id, bytes };
}
