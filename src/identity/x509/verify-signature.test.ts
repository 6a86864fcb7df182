import { beforeAll, describe, expect, test } from "vitest";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { bytesOf, type Der, element, integer, objectIdentifier, sequence } from "./der.fixture.ts";
import { certificateAuthority, type TestAuthority } from "./minting.fixture.ts";
import type { PublicKey } from "./public-key.ts";
import { type KeyOptions, pssAlgorithm, type SigningKey, signingKey } from "./signing-key.fixture.ts";
import { isSignedBy } from "./verify-signature.ts";

const ID = "spiffe://example.org/web";
const HASHES = ["SHA-256", "SHA-384", "SHA-512"] as const;
const CURVES = ["P-256", "P-384", "P-521"] as const;

const authorityWith = async (key: SigningKey): Promise<TestAuthority> =>
  await certificateAuthority({ trustDomain: "example.org", key });

const publicKeyOf = (authority: TestAuthority): PublicKey => parseCertificate(authority.der)!.publicKey!;

/** Whether a leaf counts as signed by the key that signed it, with these deviations. */
async function isAccepted(
  key: SigningKey,
  deviation: { readonly innerAlgorithm?: Der; readonly alterSignature?: (signature: Der) => Der } = {},
): Promise<boolean> {
  const authority = await authorityWith(key);
  const { der } = await authority.issueLeaf({ id: ID, ...deviation });
  return await isSignedBy(parseCertificate(der)!, publicKeyOf(authority));
}

const acceptedKeys: [string, KeyOptions][] = [
  ...CURVES.flatMap((curve) =>
    HASHES.map((hash): [string, KeyOptions] => [`${curve} with ${hash}`, { type: "EC", curve, hash }]),
  ),
  ...HASHES.map((hash): [string, KeyOptions] => [`RSA with ${hash}`, { type: "RSA", hash }]),
  ...HASHES.map((hash): [string, KeyOptions] => [`RSA-PSS with ${hash}`, { type: "RSA-PSS", hash }]),
  ["Ed25519", { type: "Ed25519" }],
];

describe("isSignedBy", () => {
  test.each(acceptedKeys)("accepts %s, and rejects it if a signed byte is changed (X16)", async (_name, options) => {
    const authority = await authorityWith(await signingKey(options));
    const leaf = parseCertificate((await authority.issueLeaf({ id: ID })).der)!;
    expect(await isSignedBy(leaf, publicKeyOf(authority))).toBe(true);
    const changed = bytesOf(leaf.signed);
    changed[changed.length - 1]! ^= 1;
    expect(await isSignedBy({ ...leaf, signed: changed }, publicKeyOf(authority))).toBe(false);
  });

  test.each<[string, KeyOptions]>([
    ["ECDSA with SHA-1", { type: "EC", hash: "SHA-1" }],
    ["RSA with SHA-1", { type: "RSA", hash: "SHA-1" }],
    ["RSA-PSS with SHA-1", { type: "RSA-PSS", hash: "SHA-1" }],
    ["RSA-PSS with another salt length", { type: "RSA-PSS", saltLength: 20 }],
    ["RSA-PSS without salt", { type: "RSA-PSS", saltLength: 0 }],
  ])("rejects %s, even if the key signed (X16)", async (_name, options) => {
    expect(await isAccepted(await signingKey(options))).toBe(false);
  });

  test("rejects MD5 with RSA (X16)", async () => {
    const innerAlgorithm = sequence(objectIdentifier("1.2.840.113549.1.1.4"), element(0x05));
    expect(await isAccepted(await signingKey({ type: "RSA" }), { innerAlgorithm })).toBe(false);
  });

  test.each<[string, KeyOptions, Der]>([
    ["a hash that was not used", { type: "EC" }, sequence(objectIdentifier("1.2.840.10045.4.3.3"))],
    ["ECDSA with parameters", { type: "EC" }, sequence(objectIdentifier("1.2.840.10045.4.3.2"), element(0x05))],
    ["RSA without parameters", { type: "RSA" }, sequence(objectIdentifier("1.2.840.113549.1.1.11"))],
    ["the other scheme of RSA", { type: "RSA" }, pssAlgorithm("SHA-256")],
    ["RSA-PSS with a mask of another hash", { type: "RSA-PSS" }, pssAlgorithm("SHA-256", { mgfHash: "SHA-1" })],
    [
      "RSA-PSS with its own defaults",
      { type: "RSA-PSS" },
      sequence(objectIdentifier("1.2.840.113549.1.1.10"), sequence()),
    ],
    ["an algorithm for another type of key", { type: "RSA" }, sequence(objectIdentifier("1.2.840.10045.4.3.2"))],
    ["Ed25519 for a key of another type", { type: "EC" }, sequence(objectIdentifier("1.3.101.112"))],
  ])("rejects a certificate that names %s (X16)", async (_name, options, innerAlgorithm) => {
    expect(await isAccepted(await signingKey(options), { innerAlgorithm })).toBe(false);
  });
});

describe("isSignedBy with an ECDSA signature", () => {
  let key: SigningKey;

  beforeAll(async () => {
    key = await signingKey();
  });

  const altered = async (alterSignature: (signature: Der) => Der) => await isAccepted(key, { alterSignature });
  const zeros = new Uint8Array(32);

  test("accepts the original signature", async () => {
    expect(await altered((signature) => signature)).toBe(true);
  });

  test.each<[string, (signature: Der) => Der]>([
    ["an octet after it", (signature) => bytesOf(signature, [0])],
    ["an octet less", (signature) => signature.slice(0, -1)],
    ["no bytes", () => bytesOf()],
    ["the two numbers of zero", () => sequence(integer(0), integer(0))],
    ["the two numbers without DER", () => bytesOf(zeros, zeros)],
    ["a third number", (signature) => sequence(signature.slice(2), integer(1))],
    ["one number", () => sequence(integer(1))],
    ["a number that is too long", () => sequence(integer(...new Uint8Array(33).fill(1)), integer(1))],
    ["a length in the long form", (signature) => bytesOf([0x30, 0x81], signature.slice(1))],
    ["a negative number", () => sequence(element(0x02, bytesOf([0x80])), integer(1))],
    ["a superfluous zero before the first number", (signature) => withZero(signature)],
  ])("rejects %s", async (_name, alter) => {
    expect(await altered(alter)).toBe(false);
  });

  test("accepts numbers with fewer octets, which some of many signatures have", async () => {
    const authority = await authorityWith(key);
    const publicKey = publicKeyOf(authority);
    const leaves: Certificate[] = [];
    while (leaves.length < 200 || !leaves.some(({ signature }) => signature.length < 70)) {
      leaves.push(parseCertificate((await authority.issueLeaf({ id: ID, key })).der)!);
    }
    expect(await Promise.all(leaves.map(async (leaf) => await isSignedBy(leaf, publicKey)))).not.toContain(false);
  });
});

/** The signature with a zero before its first number. */
function withZero(signature: Der): Der {
  const length = signature[3] ?? 0;
  const [first, second] = [signature.slice(4, 4 + length), signature.slice(4 + length)];
  return sequence(element(0x02, bytesOf([0], first)), second);
}

describe("isSignedBy with an invalid key", () => {
  test("rejects a point that is not on its curve, without throwing", async () => {
    const authority = await certificateAuthority({ trustDomain: "example.org" });
    const leaf = parseCertificate((await authority.issueLeaf({ id: ID })).der)!;
    const spki = bytesOf(authority.key.spki);
    spki[spki.length - 1]! ^= 1;
    expect(await isSignedBy(leaf, { type: "EC", curve: "P-256", spki })).toBe(false);
  });
});
