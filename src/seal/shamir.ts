import { Field } from "@noble/curves/abstract/modular.js";
import { isScalar, P256_ORDER, toScalar } from "./p256-scalar.ts";

/** One share of a split key: the value of the polynomial at `id`, 32 bytes, big endian. */
export interface Share {
  readonly id: number;
  readonly value: Uint8Array<ArrayBuffer>;
}

const SCALARS: Readonly<ReturnType<typeof Field>> = Field(P256_ORDER);
const VALUE_BYTES = 32;

/** SPIKE's bound on the number of a share. */
const MAX_SHARES = 1000;

/**
 * Splits a root key so that any `threshold` of `shares` bring it back, and fewer tell nothing (Shamir, 1979). The same key
 * always gives the same shares, numbered from 1 (SPIKE SDK, crypto/shamir.go): who asks again gets no second batch.
 */
export async function splitKey(
  root: Uint8Array<ArrayBuffer>,
  { threshold, shares }: { readonly threshold: number; readonly shares: number },
): Promise<readonly Share[]> {
  const polynomial = await polynomialOf(root, threshold);
  return Array.from({ length: shares }, (_, index) => ({ id: index + 1, value: valueAt(polynomial, index + 1) }));
}

/** The one share of that number. */
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
      /** Numbers of the shares behind the first `threshold` that do not go with those. */
      readonly strays: readonly number[];
    }
  | { readonly ok: false; readonly problem: string };

/**
 * Puts a key together from the first `threshold` of these shares (Lagrange at 0). Nothing in a share tells which key it is of:
 * whether the result is the right one has to be checked by whoever uses it.
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
    if (seen.has(id)) return `share ${id} is there twice: each has to be another one`;
    if (value.length !== VALUE_BYTES) return `share ${id} has ${value.length} bytes, not ${VALUE_BYTES}: it is damaged`;
    if (!isScalar(toScalar(value))) return `share ${id} is outside the field that keys are shared in: it is damaged`;
    seen.add(id);
  }
  return shares.length < threshold ? `${threshold} shares are needed, and here are ${shares.length}` : undefined;
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
 * Coefficients, the key first. The others come from a reader that begins with SHA-256 of the key and goes on with SHA-256 of
 * the block before; what is no scalar is passed over.
 */
async function polynomialOf(root: Uint8Array<ArrayBuffer>, threshold: number): Promise<readonly bigint[]> {
  const key = toScalar(root);
  if (root.length !== VALUE_BYTES || !isScalar(key)) throw new RangeError("Cannot split a key: it is no scalar");
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
