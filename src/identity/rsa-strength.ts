/** The upper bound keeps a foreign domain's key from making each check cost milliseconds. */
const MODULUS_BITS = { min: 2048, max: 8192 } as const;

/**
 * At least 65537 (FIPS 186-5, appendix A.1.1): with 3, a verifier's smallest slip over the padding makes signatures
 * forgeable; with 1, the message is its own signature. At most 32 bits, as a long exponent is slow.
 */
const EXPONENT_BITS = { min: 17, max: 32 } as const;

/** Whether an RSA key counts here, for tokens and certificates alike. Both numbers are unsigned, big endian. */
export function isStrongRsa(modulus: Uint8Array, exponent: Uint8Array): boolean {
  const isOdd = ((exponent.at(-1) ?? 0) & 1) === 1;
  return isWithin(MODULUS_BITS, modulus) && isWithin(EXPONENT_BITS, exponent) && isOdd;
}

function isWithin({ min, max }: { readonly min: number; readonly max: number }, unsigned: Uint8Array): boolean {
  const leading = unsigned.findIndex((byte) => byte !== 0);
  const bits = leading < 0 ? 0 : (unsigned.length - leading) * 8 - (Math.clz32(unsigned[leading] ?? 0) - 24);
  return bits >= min && bits <= max;
}
