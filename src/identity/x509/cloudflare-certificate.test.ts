import { beforeAll, describe, expect, test } from "vitest";
import type { CertificateChain } from "./certificate-chain.ts";
import { cloudflareCertificate } from "./cloudflare-certificate.ts";
import { certificateAuthority, toRfc9440, toRfc9440List } from "./minting.fixture.ts";

/** The object that Cloudflare sets without a certificate. */
const PLACEHOLDER = {
  certPresented: "0",
  certVerified: "NONE",
  certRevoked: "0",
  certIssuerDN: "",
  certSubjectDN: "",
  certIssuerDNRFC2253: "",
  certSubjectDNRFC2253: "",
  certIssuerDNLegacy: "",
  certSubjectDNLegacy: "",
  certSerial: "",
  certIssuerSerial: "",
  certSKI: "",
  certIssuerSKI: "",
  certFingerprintSHA1: "",
  certFingerprintSHA256: "",
  certNotBefore: "",
  certNotAfter: "",
  certRFC9440: "",
  certRFC9440TooLarge: false,
  certChainRFC9440: "",
  certChainRFC9440TooLarge: false,
};

let chain: CertificateChain;
let presented: typeof PLACEHOLDER;

beforeAll(async () => {
  const root = await certificateAuthority({ trustDomain: "example.org" });
  ({ chain } = await (await root.issueIntermediate()).issueLeaf({ id: "spiffe://example.org/web" }));
  presented = {
    ...PLACEHOLDER,
    certPresented: "1",
    certVerified: "SUCCESS",
    certRFC9440: toRfc9440(chain.leaf),
    certChainRFC9440: toRfc9440List(chain.intermediates),
  };
});

/** The chain, "none", or the reason of the refusal. */
function verdict(cf: unknown): CertificateChain | string {
  const result = cloudflareCertificate(cf);
  return result.ok ? (result.chain ?? "none") : result.reason;
}

const read = (changed: object): CertificateChain | string => verdict({ tlsClientAuth: { ...presented, ...changed } });

describe("cloudflareCertificate", () => {
  test("returns leaf and intermediates in their order, without validation (C04, C09)", () => {
    expect(read({})).toEqual(chain);
    expect(read({ certChainRFC9440: "" })).toEqual({ ...chain, intermediates: [] });
    const junk = Uint8Array.of(1, 2, 3);
    const list = toRfc9440List([junk, junk, chain.leaf]);
    expect(read({ certRFC9440: toRfc9440(junk), certChainRFC9440: list })).toEqual({
      leaf: junk,
      intermediates: [junk, junk, chain.leaf],
    });
  });

  test("reads the object of a request without certificate as no certificate (C05)", () => {
    expect(verdict({ tlsClientAuth: PLACEHOLDER })).toBe("none");
    const empty = Object.fromEntries(Object.keys(PLACEHOLDER).map((name) => [name, ""]));
    expect(verdict({ tlsClientAuth: { ...empty, certRFC9440TooLarge: false } })).toBe("none");
    expect(verdict({ tlsClientAuth: { certPresented: "0" } })).toBe("none");
  });

  test.each([undefined, null, "1", 1, true])("reads a cf of %j as no certificate (C12)", (cf) => {
    expect(verdict(cf)).toBe("none");
  });

  test.each([undefined, null])("reads a tlsClientAuth of %j as no certificate (C12)", (tlsClientAuth) => {
    expect(verdict({ tlsClientAuth, country: "NL" })).toBe("none");
    expect(verdict({})).toBe("none");
  });

  test.each(["1", 1, true, "", []])("rejects a tlsClientAuth of %j (C05)", (tlsClientAuth) => {
    expect(verdict({ tlsClientAuth })).toBe("certificate-field");
  });

  test.each([true, 1, "true", "yes", " 1", "2", null, undefined, ["1"]])(
    "rejects a certPresented of %j (C05)",
    (certPresented) => {
      expect(read({ certPresented })).toBe("certificate-field");
    },
  );

  test.each(["0", ""])("rejects a certificate with a certPresented of %j (C05)", (certPresented) => {
    expect(read({ certPresented })).toBe("certificate-field");
    expect(read({ certPresented, certRFC9440: "", certRFC9440TooLarge: true })).toBe("certificate-field");
  });

  test.each([
    "NONE",
    "FAILED",
    "FAILED:self signed certificate",
    "FAILED:unable to verify the first certificate",
    "FAILED:unable to get local issuer certificate",
    "FAILED:certificate has expired",
    "success",
    "SUCCESS ",
    "SUCCESS:",
    "",
    true,
    1,
    null,
    undefined,
    ["SUCCESS"],
  ])("rejects a certificate with a certVerified of %j (C07, C10)", (certVerified) => {
    expect(read({ certVerified })).toBe("certificate-not-verified");
  });

  test.each(["1", "", "false", "00", 0, 1, true, false, null, undefined, ["0"]])(
    "rejects a verified certificate with a certRevoked of %j (C06)",
    (certRevoked) => {
      expect(read({ certRevoked })).toBe("certificate-revoked");
    },
  );

  test("rejects a certificate or chain that was too large for its field (C08)", () => {
    expect(read({ certRFC9440: "", certRFC9440TooLarge: true })).toBe("certificate-too-large");
    expect(read({ certChainRFC9440: "", certChainRFC9440TooLarge: true })).toBe("certificate-too-large");
    expect(read({ certRFC9440TooLarge: true })).toBe("certificate-too-large");
    expect(read({ certRFC9440: "" })).toBe("certificate-encoding");
  });

  test.each(["false", "", 0, null, undefined])("rejects a flag of %j (C08)", (flag) => {
    expect(read({ certRFC9440TooLarge: flag })).toBe("certificate-field");
    expect(read({ certChainRFC9440TooLarge: flag })).toBe("certificate-field");
  });

  test.each([null, undefined, 7, ["::"]])("rejects a certificate or a chain of %j (C08)", (value) => {
    expect(read({ certRFC9440: value })).toBe("certificate-field");
    expect(read({ certChainRFC9440: value })).toBe("certificate-field");
  });

  test("reads the two fields as strictly as the headers of RFC 9440 (C02)", () => {
    expect(read({ certRFC9440: `${presented.certRFC9440}, ${presented.certRFC9440}` })).toBe("certificate-encoding");
    expect(read({ certRFC9440: presented.certRFC9440.slice(1, -1) })).toBe("certificate-encoding");
    expect(read({ certChainRFC9440: `${presented.certChainRFC9440},` })).toBe("certificate-encoding");
    expect(read({ certRFC9440: `:${"A".repeat(14_000)}:` })).toBe("certificate-too-large");
  });

  test("reads only these seven fields (C13)", () => {
    const readNames = new Set<string>();
    const watched = new Proxy(presented, {
      get(fields, name) {
        readNames.add(String(name));
        return Reflect.get(fields, name);
      },
    });
    expect(verdict({ tlsClientAuth: watched })).toEqual(chain);
    expect([...readNames].toSorted()).toEqual([
      "certChainRFC9440",
      "certChainRFC9440TooLarge",
      "certPresented",
      "certRFC9440",
      "certRFC9440TooLarge",
      "certRevoked",
      "certVerified",
    ]);
    const misleading = { certSubjectDN: "CN=spiffe://example.org/admin", certSerial: "1", certFingerprintSHA256: "00" };
    expect(read(misleading)).toEqual(chain);
  });
});
