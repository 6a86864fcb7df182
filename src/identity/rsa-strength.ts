/** The upper bound stops keys of foreign domains that would take milliseconds per verification. */
const MODULUS_BITS = { min: 2048, max: 8192 } as const;

/**
 * At least 65537 (FIPS 186-5, appendix A.1.1). With 3, signatures can be forged if the verifier makes the slightest mistake
 * about the padding; with 1, the message is its own signature. At most 32 bits, because long exponents are slow.
 */
const EXPONENT_BITS = { min: 17, max: 32 } as const;

/** Whether an RSA key is accepted, for tokens and certificates. Both numbers are unsigned and big-endian. */
export function isStrongRsa(modulus: Uint8Array, exponent: Uint8Array): boolean {
  const isOdd = ((exponent.at(-1) ?? 0) & 1) === 1;
  return isWithin(MODULUS_BITS, modulus) && isWithin(EXPONENT_BITS, exponent) && isOdd;
}

function isWithin({ min, max }: { readonly min: number; readonly max: number }, unsigned: Uint8Array): boolean {
  const leading = unsigned.findIndex((byte) => byte !== 0);
  const bits = leading < 0 ? 0 : (unsigned.length - leading) * 8 - (Math.clz32(unsigned[leading] ?? 0) - 24);
  return bits >= min && bits <= max;
}
