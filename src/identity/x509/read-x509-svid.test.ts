import { beforeAll, describe, expect, test } from "vitest";
import { bytesOf, type Der, element, text } from "./der.fixture.ts";
import {
  ANY_USAGE,
  basicConstraints,
  CLIENT_AUTH,
  CRL_SIGN,
  DIGITAL_SIGNATURE,
  dnsName,
  extendedKeyUsage,
  extension,
  type Extensions,
  KEY_CERT_SIGN,
  KEY_ENCIPHERMENT,
  keyUsage,
  nameConstraints,
  SERVER_AUTH,
  subjectAltName,
  uriName,
} from "./extensions.fixture.ts";
import { certificateAuthority, type CertificateOptions, nameOf, type TestAuthority } from "./minting.fixture.ts";
import { readX509Svid } from "./read-x509-svid.ts";
import { signingKey } from "./signing-key.fixture.ts";

const ID = "spiffe://example.org/web";

let authority: TestAuthority;

beforeAll(async () => {
  authority = await certificateAuthority({ trustDomain: "example.org" });
});

/** The ID of a leaf, or the reason of its refusal. */
async function read({ id = ID, ...options }: CertificateOptions & { readonly id?: string } = {}): Promise<string> {
  return verdict((await authority.issueLeaf({ id, ...options })).chain);
}

function verdict(chain: Parameters<typeof readX509Svid>[0]): string {
  const result = readX509Svid(chain);
  return result.ok ? result.svid.id : result.reason;
}

const withExtensions = async (extensions: Extensions): Promise<string> => await read({ extensions });
const names = (...uris: readonly string[]): Extensions => ({ subjectAltName: subjectAltName(uris.map(uriName)) });

describe("readX509Svid accepts", () => {
  test("a leaf of SPIRE and returns its fields", async () => {
    const { chain } = await authority.issueLeaf({ id: ID, notAfter: 1_800_000_000_000 });
    expect(readX509Svid(chain)).toMatchObject({
      ok: true,
      svid: { id: ID, expiresAt: 1_800_000_000_000, intermediates: [] },
    });
  });

  test("any signature and any time", async () => {
    expect(await read({ notAfter: 1, alterSignature: () => bytesOf([1]) })).toBe(ID);
  });

  test("names of other kinds next to the URI, which is the identity (X03)", async () => {
    const others = [dnsName("spiffe://example.org/admin"), element(0x87, bytesOf([10, 0, 0, 1])), text(0x81, "a@b.c")];
    expect(await withExtensions({ subjectAltName: subjectAltName([...others, uriName(ID)]) })).toBe(ID);
    expect(await withExtensions({ subjectAltName: subjectAltName([uriName(ID), ...others]) })).toBe(ID);
  });

  test("a leaf without a subject if its names are critical (X05)", async () => {
    const critical = { subjectAltName: subjectAltName([uriName(ID)], true) };
    expect(await read({ subject: nameOf(""), extensions: critical })).toBe(ID);
    expect(await withExtensions(critical)).toBe(ID);
  });

  test("a leaf without basic constraints (X06)", async () => {
    expect(await withExtensions({ basicConstraints: undefined })).toBe(ID);
  });

  test("a leaf that may only sign (X09)", async () => {
    expect(await withExtensions({ keyUsage: keyUsage([DIGITAL_SIGNATURE]) })).toBe(ID);
  });

  test("a leaf without purposes, or with more than client and server (X12)", async () => {
    expect(await withExtensions({ extendedKeyUsage: undefined })).toBe(ID);
    const all = extendedKeyUsage([CLIENT_AUTH, "1.3.6.1.5.5.7.3.4", ANY_USAGE, SERVER_AUTH], true);
    expect(await withExtensions({ extendedKeyUsage: all })).toBe(ID);
  });

  test("a leaf with an unknown extension that is not critical (X16)", async () => {
    expect(await withExtensions({ more: extension("1.2.3.4", bytesOf([5, 0])) })).toBe(ID);
  });

  test("the scheme in any case and returns it in lower case (X19)", async () => {
    expect(await withExtensions(names("SPIFFE://example.org/web"))).toBe(ID);
  });

  test.each([
    ["RSA of 2048 bits", { type: "RSA" }],
    ["P-384", { type: "EC", curve: "P-384" }],
    ["P-521", { type: "EC", curve: "P-521" }],
    ["Ed25519", { type: "Ed25519" }],
  ] as const)("a leaf with a key of %s", async (_case, key) => {
    expect(await read({ key: await signingKey(key) })).toBe(ID);
  });
});

describe("readX509Svid rejects", () => {
  test.each([
    ["two IDs (X01)", names(ID, "spiffe://example.org/admin"), "certificate-uri-count"],
    ["one ID twice (X01)", names(ID, ID), "certificate-uri-count"],
    ["a web address after the ID (X01)", names(ID, "https://example.org/"), "certificate-uri-count"],
    ["a web address before the ID (X01)", names("https://example.org/", ID), "certificate-uri-count"],
    ["no names (X02)", { subjectAltName: undefined }, "certificate-uri-count"],
    ["no URI among the names (X02)", { subjectAltName: subjectAltName([dnsName("web")]) }, "certificate-uri-count"],
    ["an ID that is a DNS name (X03)", { subjectAltName: subjectAltName([dnsName(ID)]) }, "certificate-uri-count"],
    ["an ID without a path (X04)", names("spiffe://example.org"), "certificate-id-path"],
    ["an ID with a slash for a path (X04)", names("spiffe://example.org/"), "certificate-spiffe-id"],
    ["a leaf with cA (X06)", { basicConstraints: basicConstraints({ cA: true }) }, "certificate-is-authority"],
    ["no key usage (X07)", { keyUsage: undefined }, "certificate-key-usage-missing"],
    [
      "a key usage that is not critical (X08)",
      { keyUsage: keyUsage([0], false) },
      "certificate-key-usage-not-critical",
    ],
    ["a key that may not sign (X09)", { keyUsage: keyUsage([KEY_ENCIPHERMENT]) }, "certificate-key-usage"],
    ["a key that may sign certificates (X10)", { keyUsage: keyUsage([0, KEY_CERT_SIGN]) }, "certificate-key-usage"],
    ["a key that may sign revocation lists (X11)", { keyUsage: keyUsage([0, CRL_SIGN]) }, "certificate-key-usage"],
    [
      "the purpose server alone (X12)",
      { extendedKeyUsage: extendedKeyUsage([SERVER_AUTH]) },
      "certificate-extended-key-usage",
    ],
    [
      "the purpose client alone (X12)",
      { extendedKeyUsage: extendedKeyUsage([CLIENT_AUTH]) },
      "certificate-extended-key-usage",
    ],
    ["the purpose any (X12)", { extendedKeyUsage: extendedKeyUsage([ANY_USAGE]) }, "certificate-extended-key-usage"],
    [
      "a client and any (X12)",
      { extendedKeyUsage: extendedKeyUsage([CLIENT_AUTH, ANY_USAGE]) },
      "certificate-extended-key-usage",
    ],
    [
      "an unknown critical extension (X16)",
      { more: extension("1.2.3.4", bytesOf([5, 0]), true) },
      "certificate-critical-extension",
    ],
    [
      "critical policy constraints (X16)",
      { more: extension("2.5.29.36", bytesOf([0x30, 0]), true) },
      "certificate-critical-extension",
    ],
    ["name constraints (X18)", { more: nameConstraints("example.org") }, "certificate-name-constraints"],
    [
      "name constraints that are not critical (X18)",
      { more: nameConstraints("example.org", false) },
      "certificate-name-constraints",
    ],
    ["a web address (X19)", names("https://example.org/web"), "certificate-spiffe-id"],
    ["a longer scheme (X19)", names("spiffes://example.org/web"), "certificate-spiffe-id"],
    ["no scheme (X19)", names("example.org/web"), "certificate-spiffe-id"],
    ["an empty URI (X19)", names(""), "certificate-spiffe-id"],
    ["userinfo (ID03)", names("spiffe://a@example.org/web"), "certificate-spiffe-id"],
    ["an upper-case trust domain (ID05)", names("spiffe://EXAMPLE.ORG/web"), "certificate-spiffe-id"],
    ["percent-encoding (ID11)", names("spiffe://example.org/%77eb"), "certificate-spiffe-id"],
    ["a segment .. (ID13)", names("spiffe://example.org/a/../web"), "certificate-spiffe-id"],
    ["a NUL after the ID (ID19)", names(`${ID}\0.evil.org`), "certificate-spiffe-id"],
    ["a newline after the ID (ID19)", names(`${ID}\n`), "certificate-spiffe-id"],
    ["letters beyond ASCII (ID19)", names("spiffe://example.org/wéb"), "certificate-malformed"],
  ])("%s", async (_case, extensions: Extensions, reason) => {
    expect(await withExtensions(extensions)).toBe(reason);
  });

  test("a leaf without a subject if its names are not critical (X05)", async () => {
    expect(await read({ subject: nameOf("") })).toBe("certificate-names-not-critical");
  });

  test("a signing certificate as caller, with or without a path, self-signed or not (X14)", async () => {
    const root = { leaf: authority.der, intermediates: [] };
    expect(verdict(root)).toBe("certificate-id-path");
    const extensions = { subjectAltName: subjectAltName([uriName("spiffe://example.org/ca")]) };
    const intermediate = await authority.issueIntermediate({ extensions });
    expect(verdict({ leaf: intermediate.der, intermediates: [] })).toBe("certificate-is-authority");
    const signing = { ...extensions, basicConstraints: undefined };
    const { der } = await authority.issueIntermediate({ extensions: signing });
    expect(verdict({ leaf: der, intermediates: [] })).toBe("certificate-key-usage");
  });

  test.each([
    ["RSA of 1024 bits", { type: "RSA", bits: 1024 }],
    ["RSA of 2040 bits", { type: "RSA", bits: 2040 }],
    ["RSA with the exponent 3", { type: "RSA", exponent: [3] }],
  ] as const)("a leaf with a key of %s", async (_case, key) => {
    expect(await read({ key: await signingKey(key) })).toBe("certificate-key");
  });

  test("a leaf with a key of an unknown type", async () => {
    const { spki } = await signingKey();
    const [named, points] = [bytesOf(spki), bytesOf(spki)];
    // The identifier of P-256 with another last arc, and a compressed point.
    named[named.indexOf(0x07, 22)] = 0x08;
    points[26] = 0x02;
    expect([Buffer.compare(named, spki), Buffer.compare(points, spki)]).not.toContain(0);
    expect(await read({ spki: named })).toBe("certificate-key");
    expect(await read({ spki: points })).toBe("certificate-key");
  });

  test.each<[string, Der]>([
    ["no bytes", bytesOf()],
    ["text", new TextEncoder().encode("-----BEGIN CERTIFICATE-----")],
    ["an empty SEQUENCE", bytesOf([0x30, 0])],
    ["20 KiB of zeros", new Uint8Array(20_480)],
  ])("%s instead of a certificate", (_case, leaf) => {
    expect(verdict({ leaf, intermediates: [] })).toBe("certificate-malformed");
  });

  test("more than 8 intermediates (X20)", async () => {
    const { der } = await authority.issueLeaf({ id: ID });
    const chain = (count: number) => ({ leaf: der, intermediates: Array.from({ length: count }, () => authority.der) });
    expect(verdict(chain(8))).toBe(ID);
    expect(verdict(chain(9))).toBe("certificate-chain-too-large");
  });

  test("intermediates of more than 16 KiB in total (X20)", async () => {
    const { der } = await authority.issueLeaf({ id: ID });
    const padded = { more: extension("1.2.3.4", new Uint8Array(7500)) };
    const large = (await authority.issueIntermediate({ extensions: padded })).der;
    expect(large.length * 2).toBeLessThanOrEqual(16_384);
    expect(large.length * 2 + authority.der.length).toBeGreaterThan(16_384);
    expect(verdict({ leaf: der, intermediates: [large, large] })).toBe(ID);
    expect(verdict({ leaf: der, intermediates: [large, large, authority.der] })).toBe("certificate-chain-too-large");
  });

  test("an intermediate that is not a certificate (X20)", async () => {
    const { der } = await authority.issueLeaf({ id: ID });
    const broken = authority.der.slice(0, -1);
    expect(verdict({ leaf: der, intermediates: [authority.der, broken] })).toBe("certificate-chain-malformed");
    expect(verdict({ leaf: der, intermediates: [bytesOf()] })).toBe("certificate-chain-malformed");
  });
});
