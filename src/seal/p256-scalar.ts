/** Order of the group of P-256 (SEC 2, section 2.4.2): the field that SPIKE shares its root key in. */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Bytes as a number, big endian. */
export function toScalar(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Whether a number is one of that field, and not 0. */
export function isScalar(value: bigint): boolean {
  return value > 0n && value < P256_ORDER;
}
