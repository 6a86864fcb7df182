import { beforeAll, describe, expect, test } from "vitest";
import type { CertificateChain } from "./certificate-chain.ts";
import { bytesOf } from "./der.fixture.ts";
import { forwardedCertificate } from "./forwarded-certificate.ts";
import { base64, certificateAuthority, toRfc9440, toRfc9440List } from "./minting.fixture.ts";

let chain: CertificateChain;
let leaf: string;
let list: string;

beforeAll(async () => {
  const root = await certificateAuthority({ trustDomain: "example.org" });
  const intermediate = await (await root.issueIntermediate()).issueIntermediate();
  ({ chain } = await intermediate.issueLeaf({ id: "spiffe://example.org/web" }));
  leaf = toRfc9440(chain.leaf);
  list = toRfc9440List(chain.intermediates);
});

/** The chain, "none", or the reason of the refusal. */
function read(headers: Readonly<Record<string, string>>): CertificateChain | string {
  const result = forwardedCertificate(new Headers(headers));
  return result.ok ? (result.chain ?? "none") : result.reason;
}

describe("forwardedCertificate reads", () => {
  test("the leaf from Client-Cert and the intermediates from Client-Cert-Chain, in their order (C01)", () => {
    expect(chain.intermediates).toHaveLength(2);
    expect(read({ "Client-Cert": leaf, "Client-Cert-Chain": list })).toEqual(chain);
  });

  test("a leaf without intermediates (C01)", () => {
    expect(read({ "Client-Cert": leaf })).toEqual({ ...chain, intermediates: [] });
    expect(read({ "Client-Cert": leaf, "Client-Cert-Chain": "" })).toEqual({ ...chain, intermediates: [] });
  });

  test("a list in several headers, or with other white space (C01)", () => {
    const headers = new Headers({ "Client-Cert": leaf });
    for (const der of chain.intermediates) headers.append("Client-Cert-Chain", toRfc9440(der));
    expect(forwardedCertificate(headers)).toEqual({ ok: true, chain });
    for (const comma of [",", " ,", ",\t", " \t , \t "]) {
      expect(read({ "Client-Cert": leaf, "Client-Cert-Chain": list.replace(", ", comma) })).toEqual(chain);
    }
  });

  test("no certificate without the headers", () => {
    expect(read({})).toBe("none");
    expect(read({ "X-Forwarded-Client-Cert": leaf, "X-Tls-Client-Cert": leaf, "X-SSL-Client-Cert": leaf })).toBe(
      "none",
    );
  });
});

describe("forwardedCertificate rejects", () => {
  test("two certificates (C01)", () => {
    const headers = new Headers({ "Client-Cert": leaf });
    headers.append("Client-Cert", leaf);
    expect(headers.get("client-cert")).toBe(`${leaf}, ${leaf}`);
    expect(forwardedCertificate(headers)).toEqual({ ok: false, reason: "certificate-encoding" });
  });

  test("a chain without a certificate", () => {
    expect(read({ "Client-Cert-Chain": list })).toBe("certificate-chain-alone");
    expect(read({ "Client-Cert-Chain": "" })).toBe("certificate-chain-alone");
  });

  test("any other encoding of the certificate (C02)", () => {
    const text = base64(chain.leaf);
    const padded = base64(bytesOf(chain.leaf, new Uint8Array((4 - (chain.leaf.length % 3)) % 3)));
    expect(padded).toMatch(/=$/);
    const spellings = [
      "",
      ":",
      "::",
      text,
      `:${text}`,
      `${text}:`,
      `:${text}:;a=1`,
      `:${text}: x`,
      `:${text}:,`,
      `::${text}::`,
      `:${text}\u00a0:`,
      `"${text}"`,
      `:${text.slice(0, 64)} ${text.slice(64)}:`,
      `:${padded.replaceAll("=", "")}:`,
      `:${padded}=:`,
      `:${text.replaceAll("+", "-").replaceAll("/", "_")}-:`,
      `:${text.slice(0, -1)}:`,
      `%3A${text}%3A`,
      `-----BEGIN CERTIFICATE----- ${text} -----END CERTIFICATE-----`,
    ];
    for (const spelling of spellings) expect(read({ "Client-Cert": spelling })).toBe("certificate-encoding");
  });

  test("any other encoding of the list (C02)", () => {
    const [first = "", second = ""] = list.split(", ");
    const spellings = [
      ",",
      `${list},`,
      `,${list}`,
      `${first},,${second}`,
      `${first} ${second}`,
      `${first};${second}`,
      `(${first} ${second})`,
      `${first}, ${second};a`,
      `${first}, ::`,
      `${first}, ${second.slice(1, -1)}`,
      `${first},\u00a0${second}`,
      `${first}, token`,
    ];
    for (const spelling of spellings) {
      expect(read({ "Client-Cert": leaf, "Client-Cert-Chain": spelling })).toBe("certificate-encoding");
    }
  });

  test("a text for more than 10 KiB of certificate or 16 KiB of chain, without decoding it (C02)", () => {
    const lengths = (found: CertificateChain | string) =>
      typeof found === "string" ? found : [found.leaf.length, ...found.intermediates.map((der) => der.length)];
    const zeros = (length: number) => toRfc9440(new Uint8Array(length));
    expect(lengths(read({ "Client-Cert": zeros(10_240) }))).toEqual([10_240]);
    expect(read({ "Client-Cert": zeros(10_243) })).toBe("certificate-too-large");
    expect(read({ "Client-Cert": `:${"!".repeat(14_000)}:` })).toBe("certificate-too-large");
    const eight = Array.from({ length: 8 }, () => zeros(2048)).join(", ");
    expect(lengths(read({ "Client-Cert": leaf, "Client-Cert-Chain": eight }))).toHaveLength(9);
    for (const list of [`${eight}, ${zeros(60)}`, `:${"!".repeat(22_000)}:`]) {
      expect(read({ "Client-Cert": leaf, "Client-Cert-Chain": list })).toBe("certificate-too-large");
    }
  });

  test("a long line of spaces in linear time (C02)", () => {
    const started = performance.now();
    expect(read({ "Client-Cert": leaf, "Client-Cert-Chain": `:${" ".repeat(21_000)}:` })).toBe("certificate-encoding");
    expect(performance.now() - started).toBeLessThan(500);
  });
});
