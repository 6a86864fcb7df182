import { beforeAll, describe, expect, test } from "vitest";
import { parseCertificate } from "../x509/certificate.ts";
import { bytesOf } from "../x509/der.fixture.ts";
import { basicConstraints, keyUsage } from "../x509/extensions.fixture.ts";
import { base64, certificateAuthority, type TestAuthority } from "../x509/minting.fixture.ts";
import { readBundleAuthority } from "./bundle-authority.ts";

type Entry = Readonly<Record<string, unknown>>;

let authority: TestAuthority;
let other: TestAuthority;

beforeAll(async () => {
  authority = await certificateAuthority({ trustDomain: "example.org" });
  other = await certificateAuthority({ trustDomain: "example.org" });
});

const read = (changed: Entry = {}) => readBundleAuthority({ ...authority.bundleEntry, ...changed });

describe("readBundleAuthority", () => {
  test("reads the certificate and ignores the members that describe its key", () => {
    const expected = parseCertificate(authority.der);
    expect(read()).toEqual(expected);
    expect(read({ crv: "P-521", x: "AA", y: undefined, n: "AQAB", alg: "none", kid: 7 })).toEqual(expected);
  });

  test("uses the first of several certificates (B05)", () => {
    const [first, second] = [authority, other].map(({ der }) => base64(der));
    expect(read({ x5c: [first, second] })).toEqual(parseCertificate(authority.der));
    expect(read({ x5c: [second, first] })).toEqual(parseCertificate(other.der));
    expect(read({ x5c: [first, "no certificate", 7] })).toEqual(parseCertificate(authority.der));
    expect(read({ x5c: ["no certificate", first] })).toBe("certificate-malformed");
  });

  test.each([
    ["no x5c", undefined],
    ["an empty x5c", []],
    ["an x5c of null", null],
    ["an x5c that is not a list", "MIIB"],
    ["an x5c that is an object", { 0: "MIIB" }],
  ])("ignores an entry with %s (B04)", (_case, x5c) => {
    expect(read({ x5c })).toBe("certificate-missing");
  });

  test.each([
    ["an x5c of numbers", () => [7]],
    ["an x5c of null", () => [null]],
    ["an empty string", () => [""]],
    ["text that is not base64", () => ["no certificate"]],
    ["a line break in the base64", () => [`${base64(authority.der).slice(0, 64)}\n${base64(authority.der).slice(64)}`]],
    ["base64url", () => [Buffer.from([0xfb, 0xff, 0xfe]).toString("base64url")]],
    ["truncated DER", () => [base64(authority.der.slice(0, -1))]],
    ["an octet after the DER", () => [base64(bytesOf(authority.der, [0]))]],
    ["a key instead of a certificate", () => [base64(authority.key.spki)]],
  ])("ignores an entry with %s (B04)", (_case, x5c) => {
    expect(read({ x5c: x5c() })).toBe("certificate-malformed");
  });

  test.each([undefined, "oct", "ec", "XYZ", 7])("ignores an entry with the key type %j (B02)", (kty) => {
    expect(read({ kty })).toBe("key-type");
  });

  test("ignores a certificate that may not sign others (X13)", async () => {
    const { der } = await authority.issueLeaf({ id: "spiffe://example.org/web" });
    expect(read({ x5c: [base64(der)] })).toBe("not-an-authority");
    for (const extensions of [{ basicConstraints: basicConstraints({ cA: false }) }, { keyUsage: keyUsage([0, 6]) }]) {
      const { bundleEntry } = await certificateAuthority({ trustDomain: "example.org", extensions });
      expect(readBundleAuthority(bundleEntry)).toBe("not-an-authority");
    }
  });

  test("keeps an expired authority, because the time is checked on use", async () => {
    const { bundleEntry } = await certificateAuthority({ trustDomain: "example.org", notAfter: 1 });
    expect(readBundleAuthority(bundleEntry)).toMatchObject({ notAfter: 0 });
  });
});
