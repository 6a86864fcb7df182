import { bytesToHex, hexToBytes } from "@noble/curves/utils.js";
import { decodeBase64, encodeBase64 } from "../../encoding/base64.ts";
import { encodeUtf8, tryDecodeUtf8 } from "../../encoding/utf8.ts";
import { type KeyRing, requireRingKey } from "../../seal/key-ring.ts";
import { computeMac, verifyMac } from "../../seal/mac.ts";
import type { Context } from "../../seal/record.ts";
import type { Bytes } from "../../store/rows.ts";
import { ENTRY_MAC_BYTES, type Mark, STORE_MAC_BYTES } from "./mark.ts";

/** A key id has at most 32 characters, and a number at most 16 digits. */
const MAX_LENGTH = 512;
const MAC_BYTES = 32;
const MACS_BYTES = ENTRY_MAC_BYTES + STORE_MAC_BYTES + MAC_BYTES;

/** `v1:STORE-GENERATION:REVISION:EPOCH:HEX`: clients of Vault parse this form, and compare its numbers. */
const FORM = /^v1:([\da-f]{16})-([\da-f]{16}):(0|[1-9]\d{0,15}):(0|[1-9]\d{0,15}):((?:[\da-f]{2})+)$/;

/**
 * The text of a mark, for clients to show with later requests: about 230 characters of base64. Revision and epoch can be read.
 * HEX has the key id, the two MACs of the mark, and a MAC of everything, so that clients cannot make up bookmarks.
 *
 * @throws SealError if the ring lacks the mark's key
 */
export async function formatBookmark(ring: KeyRing, mark: Mark): Promise<string> {
  const mac = await computeMac(requireRingKey(ring, mark.keyId), contextOf(mark));
  const { store, generation, revision, epoch, keyId, entryMac, storeMac } = mark;
  const hex = [encodeUtf8(keyId), entryMac, storeMac, mac].map((bytes) => bytesToHex(bytes)).join("");
  return encodeBase64(encodeUtf8(`v1:${store}-${generation}:${revision}:${epoch}:${hex}`));
}

export type ReadBookmark =
  | { readonly ok: true; readonly mark: Mark }
  /** `malformed`: this service did not make it. `unknown_key`: its key is not in the ring. */
  | { readonly ok: false; readonly reason: "malformed" | "unknown_key" };

/** Parses and verifies the text of a bookmark. */
export async function readBookmark(ring: KeyRing, text: string): Promise<ReadBookmark> {
  const parsed = parse(text);
  if (parsed === undefined) return { ok: false, reason: "malformed" };
  const { mark, mac } = parsed;
  const key = ring.keys.find(({ id }) => id === mark.keyId);
  if (key === undefined) return { ok: false, reason: "unknown_key" };
  return (await verifyMac(key, contextOf(mark), mac)) ? { ok: true, mark } : { ok: false, reason: "malformed" };
}

function parse(text: string): { readonly mark: Mark; readonly mac: Bytes } | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const bytes = decodeBase64(text);
  const [, store, generation, ...numbers] = FORM.exec((bytes && tryDecodeUtf8(bytes)) ?? "") ?? [];
  if (store === undefined || generation === undefined) return undefined;
  const content = hexToBytes(numbers[2] ?? "");
  const keyId = tryDecodeUtf8(content.subarray(0, Math.max(0, content.length - MACS_BYTES)));
  const [revision = NaN, epoch = NaN] = numbers.slice(0, 2).map(Number);
  if (keyId === undefined || keyId === "" || !Number.isSafeInteger(revision) || !Number.isSafeInteger(epoch)) {
    return undefined;
  }
  const macs = content.slice(-MACS_BYTES);
  const entryMac = macs.slice(0, ENTRY_MAC_BYTES);
  const storeMac = macs.slice(ENTRY_MAC_BYTES, -MAC_BYTES);
  return {
    mark: { store, generation, revision, epoch, entryMac, storeMac, keyId },
    mac: macs.slice(-MAC_BYTES),
  };
}

function contextOf({ store, generation, revision, epoch, entryMac, storeMac, keyId }: Mark): Context {
  return { label: "bookmark", fields: [store, generation, revision, epoch, entryMac, storeMac, keyId] };
}
