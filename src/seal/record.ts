import { encodeCanonical, type Field } from "./encoding.ts";
import { SealError } from "./seal-error.ts";

/** AES-256-GCM with a random 96-bit nonce (NIST SP 800-38D). The only suite so far. */
const SUITE = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a record is bound to. It opens only with the same label and the same fields. */
export interface Context {
  readonly label: string;
  readonly fields: readonly Field[];
}

/** The key that seals, and the id that the record names. An empty id stands for the data key of the row's own secret. */
export interface SealingKey {
  readonly id: string;
  readonly key: CryptoKey;
}

/**
 * Seals `plaintext` under `key`, bound to `context`.
 *
 * Record: suite (1) | length of the key id (1) | key id (ASCII) | nonce (12) | ciphertext and tag.
 *
 * @param options `nonce`: 12 random bytes for this call only. Two encryptions under one nonce break GCM.
 */
export async function sealRecord(
  key: SealingKey,
  plaintext: Uint8Array<ArrayBuffer>,
  options: { readonly context: Context; readonly nonce: Uint8Array<ArrayBuffer> },
): Promise<Uint8Array<ArrayBuffer>> {
  const { context, nonce } = options;
  if (nonce.length !== NONCE_BYTES) throw new RangeError(`Cannot seal a record: the nonce has ${nonce.length} bytes`);
  const id = new TextEncoder().encode(key.id);
  const sealed = await crypto.subtle.encrypt(algorithm(nonce, context, key.id), key.key, plaintext);
  const out = new Uint8Array(2 + id.length + NONCE_BYTES + sealed.byteLength);
  out.set([SUITE, id.length]);
  out.set(id, 2);
  out.set(nonce, 2 + id.length);
  out.set(new Uint8Array(sealed), 2 + id.length + NONCE_BYTES);
  return out;
}

/** Returns the id of the key that sealed a record. @throws SealError if the bytes are not a record */
export function recordKeyId(record: Uint8Array<ArrayBuffer>): string {
  return parse(record).keyId;
}

/**
 * Opens a record that was sealed for this context.
 *
 * @throws SealError if the bytes, the key or the context do not fit. The message is the same in all cases.
 */
export async function openRecord(
  keyOf: (keyId: string) => CryptoKey,
  record: Uint8Array<ArrayBuffer>,
  context: Context,
): Promise<Uint8Array<ArrayBuffer>> {
  const { keyId, nonce, sealed } = parse(record);
  const key = keyOf(keyId);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm(nonce, context, keyId), key, sealed));
  } catch {
    throw new SealError("not_authentic", `record "${context.label}" does not open`);
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

/** The AES-GCM parameters that all runtimes' types accept. */
interface Gcm {
  readonly name: "AES-GCM";
  readonly iv: Bytes;
  readonly additionalData: Bytes;
  readonly tagLength: number;
}

/** Binds suite and key id too, so that nobody can relabel a record to choose the key or suite that opens it. */
function algorithm(nonce: Uint8Array<ArrayBuffer>, context: Context, keyId: string): Gcm {
  const additionalData = encodeCanonical(context.label, [SUITE, keyId, ...context.fields]);
  return { name: "AES-GCM", iv: nonce, additionalData, tagLength: TAG_BYTES * 8 };
}

function parse(record: Uint8Array<ArrayBuffer>): {
  keyId: string;
  nonce: Uint8Array<ArrayBuffer>;
  sealed: Uint8Array<ArrayBuffer>;
} {
  const [suite, idLength] = record;
  if (suite === undefined || idLength === undefined)
    throw new SealError("malformed", "record is shorter than a header");
  if (suite !== SUITE) throw new SealError("unknown_suite", `suite ${suite} is not known`);
  const body = 2 + idLength + NONCE_BYTES;
  if (record.length < body + TAG_BYTES) throw new SealError("malformed", "record is cut short");
  return {
    // Bytes outside ASCII yield an id that no ring contains.
    keyId: String.fromCharCode(...record.subarray(2, 2 + idLength)),
    nonce: record.subarray(2 + idLength, body),
    sealed: record.subarray(body),
  };
}
