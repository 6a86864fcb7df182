import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { combineShares, type Share, deriveShare, splitKey } from "./shamir.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index + 1);
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const scalar = (value: bigint) => Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
/** All combinations of `count` items. */
const choices = <T>(items: readonly T[], count: number): readonly (readonly T[])[] =>
  count === 0
    ? [[]]
    : items.flatMap((item, index) => choices(items.slice(index + 1), count - 1).map((rest) => [item, ...rest]));

describe("shares of a root key", () => {
  it("equal the shares that SPIKE computes", async () => {
    expect((await splitKey(KEY, { threshold: 2, shares: 3 })).map(({ id, value }) => [id, hex(value)])).toEqual([
      [1, "af236f32fa2a813f8bcb40fbaf87b2f4ded823a83c257443fea67d20d4c431e9"],
      [2, "5d44db62ef4efb760e8c76eb520156d9efb7398ebc1d32eaf079146290071f61"],
      [3, "0b664792e47375ac914dacdaf47afabf00964f753c14f191e24baba44b4a0cd9"],
    ]);
    const five = await splitKey(KEY, { threshold: 3, shares: 5 });
    expect([five[0], five[4]].map((share) => hex(share!.value))).toEqual([
      "d7060f775f1f687b1cfc95871d87713c8d221022b18839e5568d203073e11d52",
      "4ccac6a3aaa6fee7c4a15a57f767d789f0d7a32ebd62e0128049666556797517",
    ]);
    expect(await deriveShare(KEY, { threshold: 3, id: 5 })).toEqual(five[4]!.value);
  });

  it("restore the key, whichever are chosen and in any order (K24)", async () => {
    for (const threshold of [2, 3, 4, 5]) {
      const shares = await splitKey(KEY, { threshold, shares: 5 });
      for (const chosen of choices(shares, threshold)) {
        expect(combineShares(chosen.toReversed(), threshold)).toEqual({ ok: true, key: KEY, strays: [] });
      }
    }
  });

  it("restore any key (K24)", async () => {
    const keys = fc.bigInt({ min: 1n, max: ORDER - 1n }).map(scalar);
    await fc.assert(
      fc.asyncProperty(
        keys,
        fc.integer({ min: 2, max: 6 }),
        fc.integer({ min: 0, max: 4 }),
        async (key, threshold, more) => {
          const shares = await splitKey(key, { threshold, shares: threshold + more });
          expect(combineShares(shares.toReversed(), threshold)).toEqual({ ok: true, key, strays: [] });
        },
      ),
      { numRuns: 60 },
    );
  });

  it("reveal nothing below the threshold (K23)", async () => {
    const shares = await splitKey(KEY, { threshold: 3, shares: 5 });
    expect(combineShares(shares.slice(0, 2), 3)).toEqual({
      ok: false,
      problem: "3 shares are needed, but only 2 given",
    });
    expect(combineShares([], 2)).toMatchObject({ ok: false });
    // Combined with a lower threshold, they yield another key.
    const wrong = combineShares(shares.slice(0, 2), 2);
    expect(wrong.ok && hex(wrong.key)).not.toBe(hex(KEY));
  });

  it("are rejected if one is given twice (K25)", async () => {
    const [first, second] = await splitKey(KEY, { threshold: 2, shares: 3 });
    expect(combineShares([first!, first!], 2)).toMatchObject({
      ok: false,
      problem: expect.stringContaining("share 1 was given twice"),
    });
    expect(combineShares([first!, { id: 1, value: second!.value }], 2)).toMatchObject({ ok: false });
  });

  it("are rejected outside the field, with an invalid number or with another length", async () => {
    const [first] = await splitKey(KEY, { threshold: 2, shares: 3 });
    const with2 = (value: Uint8Array<ArrayBuffer>, id = 2) => combineShares([first!, { id, value }], 2);
    for (const value of [scalar(ORDER), scalar(ORDER + 1n), new Uint8Array(32), new Uint8Array(32).fill(255)]) {
      expect(with2(value)).toMatchObject({ ok: false, problem: expect.stringContaining("is not a scalar of P-256") });
    }
    expect(with2(scalar(ORDER - 1n))).toMatchObject({ ok: true });
    for (const length of [0, 31, 33]) expect(with2(new Uint8Array(length).fill(1))).toMatchObject({ ok: false });
    for (const id of [0, -1, 1001, 1.5, Number.NaN]) expect(with2(scalar(7n), id)).toMatchObject({ ok: false });
  });

  it("reveal shares of another set if more than the threshold are given", async () => {
    const shares = await splitKey(KEY, { threshold: 2, shares: 4 });
    const others = await splitKey(scalar(5n), { threshold: 2, shares: 4 });
    const mixed: Share[] = [shares[0]!, shares[1]!, others[2]!, shares[3]!];
    expect(combineShares(mixed, 2)).toEqual({ ok: true, key: KEY, strays: [3] });
  });

  it("can only be made of a scalar", async () => {
    for (const key of [new Uint8Array(32), scalar(ORDER), new Uint8Array(31).fill(1)]) {
      await expect(splitKey(key, { threshold: 2, shares: 3 })).rejects.toThrow(RangeError);
    }
  });
});
