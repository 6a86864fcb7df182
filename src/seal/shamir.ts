import { Field } from "@noble/curves/abstract/modular.js";
import { isScalar, P256_ORDER, toScalar } from "./p256-scalar.ts";

/** One share of a split key: the value of the polynomial at `id`, as 32 bytes, big endian. */
export interface Share {
  readonly id: number;
  readonly value: Uint8Array<ArrayBuffer>;
}

const SCALARS: Readonly<ReturnType<typeof Field>> = Field(P256_ORDER);
const VALUE_BYTES = 32;

/** SPIKE's limit for the number of a share. */
const MAX_SHARES = 1000;

/**
 * Splits a root key so that any `threshold` of `shares` restore it, and fewer reveal nothing (Shamir, 1979). The same key
 * always yields the same shares, numbered from 1 (SPIKE SDK, crypto/shamir.go), so there is never a second set.
 */
export async function splitKey(
  root: Uint8Array<ArrayBuffer>,
  { threshold, shares }: { readonly threshold: number; readonly shares: number },
): Promise<readonly Share[]> {
  const polynomial = await polynomialOf(root, threshold);
  return Array.from({ length: shares }, (_, index) => ({ id: index + 1, value: valueAt(polynomial, index + 1) }));
}

/** Computes a single share. */
export async function deriveShare(
  root: Uint8Array<ArrayBuffer>,
  { threshold, id }: { readonly threshold: number; readonly id: number },
): Promise<Uint8Array<ArrayBuffer>> {
  return valueAt(await polynomialOf(root, threshold), id);
}

export type Combined =
  | {
      readonly ok: true;
      readonly key: Uint8Array<ArrayBuffer>;
      /** Numbers of the extra shares that do not fit the first `threshold` shares. */
      readonly strays: readonly number[];
    }
  | { readonly ok: false; readonly problem: string };

/**
 * Restores a key from the first `threshold` shares (Lagrange interpolation at 0). A share does not identify its key, so the
 * caller must check that the result is the right key.
 */
export function combineShares(shares: readonly Share[], threshold: number): Combined {
  const problem = problemIn(shares, threshold);
  if (problem !== undefined) return { ok: false, problem };
  const points = shares.map(({ id, value }) => ({ x: BigInt(id), y: toScalar(value) }));
  const base = points.slice(0, threshold);
  const key = toBytes(interpolate(base, 0n));
  const strays = points.slice(threshold).filter(({ x, y }) => interpolate(base, x) !== y);
  return { ok: true, key, strays: strays.map(({ x }) => Number(x)) };
}

function problemIn(shares: readonly Share[], threshold: number): string | undefined {
  const seen = new Set<number>();
  for (const { id, value } of shares) {
    if (!Number.isInteger(id) || id < 1 || id > MAX_SHARES) return `a share has a number outside 1 to ${MAX_SHARES}`;
    if (seen.has(id)) return `share ${id} was given twice: each share must be a different one`;
    if (value.length !== VALUE_BYTES) return `share ${id} has ${value.length} bytes, not ${VALUE_BYTES}: it is damaged`;
    if (!isScalar(toScalar(value))) return `share ${id} is not a scalar of P-256: it is damaged`;
    seen.add(id);
  }
  return shares.length < threshold ? `${threshold} shares are needed, but only ${shares.length} given` : undefined;
}

interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

function interpolate(points: readonly Point[], at: bigint): bigint {
  return points.reduce((sum, { x, y }) => {
    const others = points.filter((other) => other.x !== x);
    const weight = others.reduce(
      (product, other) => SCALARS.mul(product, SCALARS.div(SCALARS.sub(at, other.x), SCALARS.sub(x, other.x))),
      SCALARS.ONE,
    );
    return SCALARS.add(sum, SCALARS.mul(y, weight));
  }, SCALARS.ZERO);
}

/**
 * The coefficients, the key first. The others are the blocks of a hash chain: SHA-256 of the key, then SHA-256 of the block
 * before. Blocks that are not scalars are skipped.
 */
async function polynomialOf(root: Uint8Array<ArrayBuffer>, threshold: number): Promise<readonly bigint[]> {
  const key = toScalar(root);
  if (root.length !== VALUE_BYTES || !isScalar(key)) throw new RangeError("Cannot split a key: it is not a scalar");
  const coefficients = [key];
  let block = root;
  while (coefficients.length < threshold) {
    block = new Uint8Array(await crypto.subtle.digest("SHA-256", block));
    const candidate = toScalar(block);
    if (candidate < P256_ORDER) coefficients.push(candidate);
  }
  return coefficients;
}

function valueAt(polynomial: readonly bigint[], id: number): Uint8Array<ArrayBuffer> {
  const x = BigInt(id);
  const value = polynomial.reduceRight((sum, next) => SCALARS.add(SCALARS.mul(sum, x), next), SCALARS.ZERO);
  return toBytes(value);
}

function toBytes(scalar: bigint): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(SCALARS.toBytes(scalar));
}
