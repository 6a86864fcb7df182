import type { ClientCertificate } from "./client-certificate.ts";
import { decodeBase64 } from "../../encoding/base64.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** 10 KiB (`MAX_CERTIFICATE_BYTES`) in base64, and two colons. */
const MAX_LEAF_CHARACTERS = 13_658;
/** 16 KiB (`MAX_CHAIN_BYTES`) in base64, and for each of 8: two colons, a comma, a space, and the base64 padding. */
const MAX_CHAIN_CHARACTERS = 21_912;

/**
 * Reads a certificate and its chain in the form of RFC 9440, sections 2.1 to 2.3: a byte sequence, and a list of byte
 * sequences without the certificate, which may be empty (RFC 8941, sections 3.3.5 and 3.1).
 *
 * Stricter than RFC 8941: no parameters, canonical base64, and printable ASCII only. Two `Client-Cert` fields are joined by
 * a comma and therefore refused.
 */
export function readRfc9440(leafText: string, chainText: string): ClientCertificate {
  // Checked before any decoding, so that large fields cost nothing.
  if (leafText.length > MAX_LEAF_CHARACTERS || chainText.length > MAX_CHAIN_CHARACTERS) {
    return { ok: false, reason: "certificate-too-large" };
  }
  const leaf = byteSequence(leafText);
  const intermediates = byteSequences(chainText);
  if (leaf === undefined || intermediates === undefined) return { ok: false, reason: "certificate-encoding" };
  return { ok: true, chain: { leaf, intermediates } };
}

function byteSequence(text: string): Bytes | undefined {
  return text.length > 2 && text.startsWith(":") && text.endsWith(":") ? decodeBase64(text.slice(1, -1)) : undefined;
}

function byteSequences(text: string): readonly Bytes[] | undefined {
  if (text === "") return [];
  // In such text, `trim` removes only spaces and tabs.
  if (!/^[\t -~]*$/.test(text)) return undefined;
  const members = text.split(",").map((member) => byteSequence(member.trim()));
  const read = members.filter((member) => member !== undefined);
  return read.length === members.length ? read : undefined;
}
