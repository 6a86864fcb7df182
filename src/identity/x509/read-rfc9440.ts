import type { ClientCertificate } from "./client-certificate.ts";
import { decodeBase64 } from "../../encoding/base64.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What 10 KiB (`MAX_CERTIFICATE_BYTES`) are in base64, and two colons. */
const MAX_LEAF_CHARACTERS = 13_658;
/** What 16 KiB (`MAX_CHAIN_BYTES`) are, and for each of 8: two colons, a comma, a space, and what base64 rounds up to. */
const MAX_CHAIN_CHARACTERS = 21_912;

/**
 * Reads a certificate and its chain as RFC 9440, sections 2.1 to 2.3, writes them: a byte sequence, and a list of byte
 * sequences without the first one, which may be empty (RFC 8941, sections 3.3.5 and 3.1).
 *
 * Stricter than structured fields have to be read: no parameters, base64 in its one spelling, and printable ASCII only. The
 * field of a second certificate is joined to the first by a comma, and is refused with it.
 */
export function readRfc9440(leafText: string, chainText: string): ClientCertificate {
  // Before anything is decoded, so that a large one costs nothing.
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
  // What `trim` takes away is space and tab then, and no more.
  if (!/^[\t -~]*$/.test(text)) return undefined;
  const members = text.split(",").map((member) => byteSequence(member.trim()));
  const read = members.filter((member) => member !== undefined);
  return read.length === members.length ? read : undefined;
}
