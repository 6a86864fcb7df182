import { beforeAll, describe, expect, test } from "vitest";
import { parseCertificate } from "./certificate.ts";
import { bytesOf, element, integer, objectIdentifier, sequence, tagged, text, time } from "./der.fixture.ts";
import {
  authorityKeyId,
  basicConstraints,
  dnsName,
  extension,
  type Extensions,
  keyUsage,
  nameConstraints,
  subjectAltName,
  subjectKeyId,
  uriName,
} from "./extensions.fixture.ts";
import { certificateAuthority, type CertificateOptions, nameOf, type TestAuthority } from "./minting.fixture.ts";

const ID = "spiffe://example.org/web";

let authority: TestAuthority;

beforeAll(async () => {
  authority = await certificateAuthority({ trustDomain: "example.org" });
});

async function parsed(options: CertificateOptions) {
  return parseCertificate((await authority.issueLeaf({ id: ID, ...options })).der);
}

const withExtensions = async (extensions: Extensions) => await parsed({ extensions });

describe("parseCertificate", () => {
  test("reads the fields that the validation rules use", async () => {
    const certificate = await parsed({ notBefore: Date.UTC(2020, 1, 29, 1, 2, 3), notAfter: Date.UTC(2050, 0) });
    expect(certificate).toMatchObject({
      signatureAlgorithm: { type: "EC", hash: "SHA-256" },
      notBefore: Date.UTC(2020, 1, 29, 1, 2, 3),
      notAfter: Date.UTC(2050, 0),
      publicKey: { type: "EC", curve: "P-256" },
      extensions: {
        basicConstraints: { cA: false, pathLength: undefined },
        keyUsage: { critical: true, digitalSignature: true, keyCertSign: false, cRLSign: false },
        subjectAltName: { critical: false, uris: [ID] },
      },
    });
    expect(certificate?.issuer).toBe(parseCertificate(authority.der)?.subject);
    expect(certificate?.extensions.authorityKeyId).toBe(parseCertificate(authority.der)?.extensions.subjectKeyId);
    expect(certificate?.extensions).not.toHaveProperty("unknownCritical");
  });

  test("reads an authority", () => {
    expect(parseCertificate(authority.der)?.extensions).toMatchObject({
      basicConstraints: { cA: true },
      keyUsage: { digitalSignature: false, keyCertSign: true, cRLSign: true },
    });
  });

  test("keeps the signed bytes as received", async () => {
    const { der } = await authority.issueLeaf({ id: ID });
    const { signed } = parseCertificate(der)!;
    expect(Buffer.from(der).includes(Buffer.from(signed))).toBe(true);
  });

  test("reads only URIs among the names", async () => {
    const names = [dnsName("example.org"), element(0x87, bytesOf([127, 0, 0, 1])), text(0x81, "a@b"), uriName(ID)];
    const certificate = await withExtensions({ subjectAltName: subjectAltName(names, true) });
    expect(certificate?.extensions.subjectAltName).toEqual({ critical: true, uris: [ID] });
  });

  test("accepts an explicit FALSE flag, which is the default", async () => {
    const [oid, value] = [objectIdentifier("2.5.29.19"), element(0x04, sequence(element(0x01, bytesOf([0]))))];
    const certificate = await withExtensions({
      basicConstraints: sequence(oid, element(0x01, bytesOf([0])), value),
    });
    expect(certificate?.extensions.basicConstraints).toEqual({ cA: false, pathLength: undefined });
  });

  test("ignores an unknown extension, and reports a critical one", async () => {
    const known = await withExtensions({ more: extension("1.2.3.4", bytesOf([1, 2, 3])) });
    expect(known?.extensions).not.toHaveProperty("unknownCritical");
    const critical = await withExtensions({ more: extension("1.2.3.4", bytesOf([1, 2, 3]), true) });
    expect(critical?.extensions).toMatchObject({ unknownCritical: true });
  });

  test("reports an extension as unknown if it must not be critical or is not supported (X16)", async () => {
    const id = bytesOf([1]);
    const cases = [{ subjectKeyId: subjectKeyId(id, true) }, { authorityKeyId: authorityKeyId(id, true) }];
    for (const extensions of [...cases, { more: nameConstraints("example.org") }]) {
      expect((await withExtensions(extensions))?.extensions).toMatchObject({ unknownCritical: true });
    }
  });

  test.each([
    ["version 1, which omits the version (X16)", { version: bytesOf() }],
    ["version 2 (X16)", { version: tagged(0, integer(1)) }],
    ["version 4 (X16)", { version: tagged(0, integer(3)) }],
    [
      "another signature algorithm outside (X16)",
      { outerAlgorithm: sequence(objectIdentifier("1.2.840.10045.4.3.3")) },
    ],
    [
      "parameters that are only outside (X16)",
      { outerAlgorithm: sequence(objectIdentifier("1.2.840.10045.4.3.2"), element(5)) },
    ],
    ["no issuer", { issuer: nameOf("") }],
    ["no extensions", { extensionList: bytesOf() }],
    ["an empty list of extensions", { extensionList: tagged(3, sequence()) }],
    ["two lists of extensions", { extensionList: tagged(3, sequence(keyUsage([0])), sequence(keyUsage([0]))) }],
    ["an element after the extensions", { extensionList: bytesOf(tagged(3, sequence(keyUsage([0]))), integer(1)) }],
    ["a unique id", { extensionList: bytesOf(element(0x81, bytesOf([0, 1])), tagged(3, sequence(keyUsage([0])))) }],
    ["only one time", { validity: sequence(time(0)) }],
    ["three times", { validity: sequence(time(0), time(1), time(2)) }],
    ["a key that is not a SEQUENCE", { spki: integer(1) }],
  ])("rejects %s", async (_case, options: CertificateOptions) => {
    expect(await parsed(options)).toBeUndefined();
  });

  test.each([
    ["a month that does not exist", "171301010000Z"],
    ["a day that does not exist", "250229000000Z"],
    ["the hour 24", "250101240000Z"],
    ["a leap second", "251231235960Z"],
    ["no seconds", "2501010000Z"],
    ["a time zone", "2501010000+0100"],
    ["no time zone", "250101000000"],
    ["other letters", "25010100000aZ"],
    ["a character after the end", "250101000000Z "],
  ])("rejects a time with %s", async (_case, digits) => {
    expect(await parsed({ validity: sequence(text(0x17, digits), time(Date.UTC(2040, 0))) })).toBeUndefined();
    expect(await parsed({ validity: sequence(time(0), text(0x18, `20${digits}`)) })).toBeUndefined();
  });

  test.each([
    ["a fraction of a second", 0x18, "20250101000000.5Z"],
    ["a two-digit year in a GeneralizedTime", 0x18, "250101000000Z"],
    ["a four-digit year in a UTCTime", 0x17, "20250101000000Z"],
    ["another string type", 0x0c, "250101000000Z"],
  ])("rejects a time with %s", async (_case, tag, digits) => {
    expect(await parsed({ validity: sequence(time(0), text(tag, digits)) })).toBeUndefined();
  });

  test("reads a two-digit year as RFC 5280 defines", async () => {
    const certificate = await parsed({ validity: sequence(text(0x17, "500101000000Z"), text(0x17, "491231235959Z")) });
    expect(certificate).toMatchObject({ notBefore: Date.UTC(1950, 0), notAfter: Date.UTC(2049, 11, 31, 23, 59, 59) });
  });

  test("accepts 9999-12-31, which means that a certificate does not expire", async () => {
    const certificate = await parsed({ validity: sequence(time(0), text(0x18, "99991231235959Z")) });
    expect(certificate?.notAfter).toBe(Date.UTC(9999, 11, 31, 23, 59, 59));
  });

  test.each([
    ["the names twice, the valid ones first (X01)", { more: subjectAltName([uriName("spiffe://example.org/admin")]) }],
    ["basic constraints twice (X06)", { more: basicConstraints({ cA: false }) }],
    ["an unknown extension twice", { a: extension("1.2.3.4", bytesOf()), b: extension("1.2.3.4", bytesOf(), true) }],
    [
      "a second list of names after the first (X01)",
      { subjectAltName: extension("2.5.29.17", bytesOf(sequence(uriName(ID)), sequence(uriName(ID)))) },
    ],
    ["an empty list of names (X02)", { subjectAltName: subjectAltName([]) }],
    ["a constructed URI (X01)", { subjectAltName: subjectAltName([uriName(ID), element(0xa6, uriName(ID))]) }],
    ["a name of a kind that does not exist", { subjectAltName: subjectAltName([uriName(ID), text(0x89, "x")]) }],
    ["a name without a kind", { subjectAltName: subjectAltName([uriName(ID), text(0x16, ID)]) }],
    ["a URI that is not ASCII", { subjectAltName: subjectAltName([uriName("spiffe://example.org/é")]) }],
    ["a URI with an octet of Latin-1", { subjectAltName: subjectAltName([element(0x86, bytesOf([0x61, 0xff]))]) }],
    [
      "names with a length that is longer than needed",
      { subjectAltName: extension("2.5.29.17", bytesOf([0x30, 0x81, 0x1a], uriName(ID))) },
    ],
    ["a cA of 01 (X06)", { basicConstraints: extension("2.5.29.19", sequence(element(0x01, bytesOf([1])))) }],
    [
      "a cA of two octets (X06)",
      { basicConstraints: extension("2.5.29.19", sequence(element(0x01, bytesOf([0, 0])))) },
    ],
    [
      "more in the basic constraints (X06)",
      { basicConstraints: extension("2.5.29.19", sequence(integer(1), integer(2))) },
    ],
    [
      "a cA after the path length (X06)",
      { basicConstraints: extension("2.5.29.19", sequence(integer(1), element(0x01, bytesOf([255])))) },
    ],
    [
      "a negative path length (X16)",
      { basicConstraints: extension("2.5.29.19", sequence(element(0x02, bytesOf([255])))) },
    ],
    ["a path length of three octets (X16)", { basicConstraints: extension("2.5.29.19", sequence(integer(1, 0, 0))) }],
    ["a key usage without bits (X07)", { keyUsage: keyUsage([]) }],
    ["a key usage that is not a BIT STRING (X07)", { keyUsage: extension("2.5.29.15", integer(1), true) }],
    ["an empty list of purposes (X12)", { extendedKeyUsage: extension("2.5.29.37", sequence()) }],
    [
      "a purpose that is not an object identifier (X12)",
      { extendedKeyUsage: extension("2.5.29.37", sequence(integer(1))) },
    ],
    ["a key id that is not an OCTET STRING", { subjectKeyId: extension("2.5.29.14", integer(1)) }],
    ["an authority's key id that is not a SEQUENCE", { authorityKeyId: extension("2.5.29.35", integer(1)) }],
    ["an extension without a value", { more: sequence(objectIdentifier("1.2.3.4")) }],
    [
      "an extension of four parts",
      { more: sequence(objectIdentifier("1.2.3.4"), element(1, bytesOf([255])), element(4), element(4)) },
    ],
    [
      "an extension with a flag of one",
      { more: sequence(objectIdentifier("1.2.3.4"), element(1, bytesOf([1])), element(4)) },
    ],
    [
      "an extension with a value that is not an OCTET STRING",
      { more: sequence(objectIdentifier("1.2.3.4"), integer(1)) },
    ],
  ])("rejects %s", async (_case, extensions: Extensions) => {
    expect(await withExtensions(extensions)).toBeUndefined();
  });

  test("rejects one octet more, one octet less, and more than 10 KiB", async () => {
    const { der } = await authority.issueLeaf({ id: ID });
    expect(parseCertificate(der)).toBeDefined();
    expect(parseCertificate(bytesOf(der, [0]))).toBeUndefined();
    expect(parseCertificate(der.slice(0, -1))).toBeUndefined();
    expect(parseCertificate(bytesOf())).toBeUndefined();
    const sized = async (padding: number) =>
      (await authority.issueLeaf({ id: ID, extensions: { more: extension("1.2.3.4", new Uint8Array(padding)) } })).der;
    const [small, large] = [await sized(9_500), await sized(10_240)];
    expect([small.length > 9_900, small.length <= 10_240, large.length > 10_240]).toEqual([true, true, true]);
    expect(parseCertificate(small)).toBeDefined();
    expect(parseCertificate(large)).toBeUndefined();
  });

  test("rejects a fourth part and parts of other types", async () => {
    const { der } = await authority.issueLeaf({ id: ID });
    const { signed, signature } = parseCertificate(der)!;
    const bits = element(0x03, bytesOf([0], signature));
    expect(parseCertificate(sequence(signed, authority.key.algorithm, bits))).toBeDefined();
    expect(parseCertificate(sequence(signed, authority.key.algorithm, bits, bits))).toBeUndefined();
    expect(parseCertificate(sequence(signed, authority.key.algorithm))).toBeUndefined();
    expect(parseCertificate(sequence(signed, authority.key.algorithm, element(0x04, signature)))).toBeUndefined();
    expect(parseCertificate(sequence(integer(1), authority.key.algorithm, bits))).toBeUndefined();
  });
});
