import { exportJWK, type CryptoKey } from "jose";

/** DER of DigestInfo up to the hash, with SHA-256 and its parameters of NULL (RFC 8017, section 9.2, note 1). */
export const SHA256_INFO = Buffer.from("3031300d060960864801650304020105000420", "hex");
/** The same without the parameters, which some verifiers used to accept. */
export const SHA256_INFO_WITHOUT_NULL = Buffer.from("302f300b06096086480165030402010420", "hex");

/** `00 type FF … FF 00 rest trailing`, as long as a modulus of 2048 bits. */
export function paddedBlock(
  rest: Uint8Array,
  {
    type = 1,
    padding = 0xff,
    trailing = new Uint8Array(0),
  }: { readonly type?: number; readonly padding?: number; readonly trailing?: Uint8Array } = {},
): Uint8Array {
  const fill = new Uint8Array(256 - 3 - rest.length - trailing.length).fill(padding);
  return Uint8Array.of(0, type, ...fill, 0, ...rest, ...trailing);
}

/** The block to the power of the private exponent: an RSA signature over the block as it is. */
export async function rawRsaSignature(privateKey: CryptoKey, block: Uint8Array): Promise<Uint8Array> {
  const { n = "", d = "" } = await exportJWK(privateKey);
  return bytesOf(power(integerOf(block), integerOf(base64url(d)), integerOf(base64url(n))));
}

/** A number whose cube begins with the given block: a signature under the exponent 3 that needs no private key. */
export function cubeRootSignature(block: Uint8Array): Uint8Array {
  const target = integerOf(block);
  let [low, high] = [0n, 1n << 700n];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (middle ** 3n < target) low = middle + 1n;
    else high = middle;
  }
  return bytesOf(low);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function base64url(text: string): Uint8Array {
  return Buffer.from(text, "base64url");
}

function integerOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

function bytesOf(integer: bigint): Uint8Array {
  return Buffer.from(integer.toString(16).padStart(512, "0"), "hex");
}
