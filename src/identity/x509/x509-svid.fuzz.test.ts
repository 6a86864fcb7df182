import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { type Certificate, parseCertificate } from "./certificate.ts";
import type { CertificateChain } from "./certificate-chain.ts";
import { bitString, bytesOf, type Der, sequence } from "./der.fixture.ts";
import { certificateAuthority, type TestAuthority } from "./minting.fixture.ts";
import { readX509Svid } from "./read-x509-svid.ts";
import { verifyX509Svid } from "./verify-x509-svid.ts";

const ID = "spiffe://example.org/web";
const NOW = Date.UTC(2026, 0);

/** Multiplies the number of runs in the long run. */
const LONGER = process.env["LONG"] === "1" ? 20 : 1;

let authorities: readonly Certificate[];
let intermediate: TestAuthority;
let leaf: Der;
let other: Der;

beforeAll(async () => {
  const root = await certificateAuthority({ trustDomain: "example.org" });
  authorities = [parseCertificate(root.der)!];
  intermediate = await root.issueIntermediate();
  leaf = (await intermediate.issueLeaf({ id: ID })).der;
  other = (await intermediate.issueLeaf({ id: "spiffe://example.org/other-workload" })).der;
  expect(await verdict({ leaf, intermediates: [intermediate.der] })).toBe(ID);
});

/** The proved ID, or undefined. */
async function verdict(chain: CertificateChain): Promise<string | undefined> {
  const read = readX509Svid(chain);
  if (!read.ok) return undefined;
  return (await verifyX509Svid(read.svid, authorities, NOW)) === undefined ? read.svid.id : undefined;
}

const octet = fc.nat({ max: 255 });
const position = fc.nat({ max: 100_000 });
/** Prefers octets that occur in lengths, tags and flags. */
const telling = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0x81, 0x82, 0xff, 0x30, 0x31, 0x86, 0xa0, 0xa3), octet);

type Mutation = (der: Der) => Der;

const change = fc.tuple(position, telling).map(([at, to]): Mutation => (der) => {
  const changed = bytesOf(der);
  changed[at % der.length] = to;
  return changed;
});
const flip = fc.tuple(position, fc.nat({ max: 7 })).map(([at, bit]): Mutation => (der) => {
  const changed = bytesOf(der);
  changed[at % der.length]! ^= 1 << bit;
  return changed;
});
const insert = fc.tuple(position, fc.array(telling, { minLength: 1, maxLength: 4 })).map(
  ([at, more]): Mutation =>
    (der) =>
      bytesOf(der.slice(0, at % der.length), more, der.slice(at % der.length)),
);
const remove = fc.tuple(position, fc.integer({ min: 1, max: 8 })).map(
  ([at, count]): Mutation =>
    (der) =>
      bytesOf(der.slice(0, at % der.length), der.slice((at % der.length) + count)),
);
const cut = position.map(
  (at): Mutation =>
    (der) =>
      der.slice(0, at % der.length),
);
/** The start of one certificate and the end of another. */
const splice = position.map(
  (at): Mutation =>
    (der) =>
      bytesOf(der.slice(0, at % der.length), other.slice(at % der.length)),
);
const mutation = fc
  .array(fc.oneof({ weight: 3, arbitrary: change }, { weight: 3, arbitrary: flip }, insert, remove, cut, splice), {
    minLength: 1,
    maxLength: 3,
  })
  .map(
    (steps): Mutation =>
      (der) =>
        steps.reduce((changed, step) => step(changed), der),
  );

const isSame = (a: Der, b: Der): boolean => Buffer.compare(a, b) === 0;

test("rejects a leaf with any octet changed (X16, X20)", async () => {
  for (let index = 0; index < leaf.length; index++) {
    const changed = bytesOf(leaf);
    changed[index]! ^= 1 << (index % 8);
    const found = await verdict({ leaf: changed, intermediates: [intermediate.der] });
    expect(found, `with another octet at ${index}`).toBeUndefined();
  }
});

test("rejects a leaf with any mutation, without throwing (X16, X20)", async () => {
  const property = fc.asyncProperty(mutation, async (mutate) => {
    const changed = mutate(leaf);
    fc.pre(!isSame(changed, leaf) && !isSame(changed, other));
    return (await verdict({ leaf: changed, intermediates: [intermediate.der] })) === undefined;
  });
  await expect(fc.assert(property, { numRuns: 2000 * LONGER })).resolves.toBeUndefined();
});

test("rejects a leaf below an intermediate with any mutation, without throwing (X16, X20)", async () => {
  const property = fc.asyncProperty(mutation, async (mutate) => {
    const changed = mutate(intermediate.der);
    fc.pre(!isSame(changed, intermediate.der));
    return (await verdict({ leaf, intermediates: [changed] })) === undefined;
  });
  await expect(fc.assert(property, { numRuns: 2000 * LONGER })).resolves.toBeUndefined();
});

test("returns the same identity with an additional invalid intermediate, without throwing (X16, X20)", async () => {
  const property = fc.asyncProperty(mutation, fc.boolean(), async (mutate, first) => {
    const pair = [intermediate.der, mutate(intermediate.der)];
    const found = await verdict({ leaf, intermediates: first ? pair : pair.toReversed() });
    return found === undefined || found === ID;
  });
  await expect(fc.assert(property, { numRuns: 500 * LONGER })).resolves.toBeUndefined();
});

test("accepts only IDs of the trust domain in anything that the right key signs, without throwing", async () => {
  const { signed } = parseCertificate(leaf)!;
  const { key } = intermediate;
  let accepted = 0;
  const property = fc.asyncProperty(mutation, async (mutate) => {
    const changed = mutate(signed);
    const resigned = sequence(changed, key.algorithm, bitString(await key.sign(changed)));
    const found = await verdict({ leaf: resigned, intermediates: [intermediate.der] });
    if (found !== undefined) accepted += 1;
    return found === undefined || found.startsWith("spiffe://example.org/");
  });
  await expect(fc.assert(property, { numRuns: 2000 * LONGER })).resolves.toBeUndefined();
  // Mutations may change serial numbers, keys and letters of the path.
  expect(accepted).toBeGreaterThan(0);
});

test("does not throw for any octets", async () => {
  const anything = fc.uint8Array({ maxLength: 200 }).map((octets) => bytesOf(octets));
  const nested = fc.array(anything, { maxLength: 5 }).map((items) => sequence(...items));
  const property = fc.asyncProperty(
    fc.oneof(anything, nested),
    fc.array(anything, { maxLength: 3 }),
    async (der, more) => {
      expect(await verdict({ leaf: der, intermediates: more })).toBeUndefined();
      expect(await verdict({ leaf, intermediates: [der, ...more] })).toBeUndefined();
    },
  );
  await expect(fc.assert(property, { numRuns: 500 * LONGER })).resolves.toBeUndefined();
});
