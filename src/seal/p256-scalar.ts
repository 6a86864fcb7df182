/** The order of P-256 (SEC 2, section 2.4.2). SPIKE splits root keys in the field of this order. */
export const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Reads bytes as a big-endian integer. */
export function toScalar(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Whether a number is a non-zero element of that field. */
export function isScalar(value: bigint): boolean {
  return value > 0n && value < P256_ORDER;
}
