import { beforeAll, describe, expect, test } from "vitest";
import { parseCertificate } from "./certificate.ts";
import { bytesOf, type Der, objectIdentifier, sequence } from "./der.fixture.ts";
import {
  ANY_USAGE,
  authorityKeyId,
  basicConstraints,
  CLIENT_AUTH,
  CRL_SIGN,
  dnsName,
  extendedKeyUsage,
  extension,
  type Extensions,
  keyUsage,
  nameConstraints,
  SERVER_AUTH,
  subjectAltName,
  subjectKeyId,
  uriName,
} from "./extensions.fixture.ts";
import {
  type AuthorityOptions,
  certificate,
  certificateAuthority,
  type CertificateOptions,
  nameOf,
  type TestAuthority,
} from "./minting.fixture.ts";
import { type SigningKey, signingKey } from "./signing-key.fixture.ts";
import { chainOf, lineBelow, NOW, verdict } from "./verify-chain.fixture.ts";

const ID = "spiffe://example.org/web";
const HOUR = 3_600_000;

let root: TestAuthority;

beforeAll(async () => {
  root = await certificateAuthority({ trustDomain: "example.org" });
});

/** The same for a leaf that the root issued. */
async function leafVerdict(options: CertificateOptions, now = NOW): Promise<string> {
  return await verdict((await root.issueLeaf({ id: ID, ...options })).chain, [root.der], now);
}

/** The same for a leaf below an intermediate with these options. */
async function belowIntermediate(options: AuthorityOptions, now = NOW): Promise<string> {
  const intermediate = await root.issueIntermediate(options);
  return await verdict((await intermediate.issueLeaf({ id: ID })).chain, [root.der], now);
}

/** The same for a leaf below a root with these options. */
async function belowRoot(options: AuthorityOptions, now = NOW): Promise<string> {
  const other = await certificateAuthority({ trustDomain: "example.org", ...options });
  return await verdict((await other.issueLeaf({ id: ID })).chain, [other.der], now);
}

describe("verifyX509Svid accepts", () => {
  test("a leaf that an authority signed", async () => {
    expect(await leafVerdict({})).toBe("valid");
  });

  test("a path through intermediates in any order (X16)", async () => {
    const { der, chain } = await (await lineBelow(root, 3)).issueLeaf({ id: ID });
    expect(chain.intermediates).toHaveLength(3);
    const [a, b, c] = chain.intermediates as [Der, Der, Der];
    for (const order of [
      [a, b, c],
      [c, b, a],
      [b, c, a],
      [c, a, b],
    ]) {
      expect(await verdict(chainOf(der, ...order), [root.der])).toBe("valid");
    }
  });

  test("a path through the maximum number of intermediates (X20)", async () => {
    const { chain } = await (await lineBelow(root, 8)).issueLeaf({ id: ID });
    expect(await verdict(chain, [root.der])).toBe("valid");
  });

  test("an authority that is not self-signed or has an invalid signature", async () => {
    const intermediate = await root.issueIntermediate();
    const { der } = await intermediate.issueLeaf({ id: ID });
    expect(await verdict(chainOf(der), [intermediate.der])).toBe("valid");
    expect(await belowRoot({ alterSignature: () => bytesOf([1]) })).toBe("valid");
    const innerAlgorithm = sequence(objectIdentifier("1.2.840.10045.4.1"));
    expect(
      parseCertificate((await certificateAuthority({ trustDomain: "example.org", innerAlgorithm })).der),
    ).toMatchObject({
      signatureAlgorithm: undefined,
    });
    expect(await belowRoot({ innerAlgorithm })).toBe("valid");
  });

  test("unrelated intermediates", async () => {
    const stranger = await certificateAuthority({ trustDomain: "other.org" });
    const { der } = await root.issueLeaf({ id: ID });
    expect(await verdict(chainOf(der, stranger.der, root.der), [root.der])).toBe("valid");
  });

  test("the authority with the right key among several with the same name", async () => {
    const old = await certificateAuthority({ trustDomain: "example.org" });
    expect(old.subject).toEqual(root.subject);
    const { chain } = await root.issueLeaf({ id: ID });
    expect(await verdict(chain, [old.der, root.der])).toBe("valid");
    const unnamed = await root.issueLeaf({ id: ID, extensions: { authorityKeyId: undefined } });
    expect(await verdict(unnamed.chain, [old.der, root.der])).toBe("valid");
  });

  test("an authority that may only sign certificates (X13)", async () => {
    expect(await belowRoot({ extensions: { keyUsage: keyUsage([5], false) } })).toBe("valid");
  });

  test("a signing certificate without a SPIFFE ID (X15)", async () => {
    expect(await belowRoot({ extensions: { subjectAltName: undefined } })).toBe("valid");
    expect(await belowIntermediate({ extensions: { subjectAltName: subjectAltName([dnsName("ca")]) } })).toBe("valid");
  });

  test.each([
    ["clients", [CLIENT_AUTH]],
    ["both", [SERVER_AUTH, CLIENT_AUTH]],
    ["anything", [ANY_USAGE]],
  ])("a signing certificate with the purpose %s", async (_case, usages) => {
    expect(await belowIntermediate({ extensions: { usage: extendedKeyUsage(usages) } })).toBe("valid");
  });
});

describe("verifyX509Svid rejects", () => {
  test("an issuer that is not a signing certificate (X13)", async () => {
    const { der: leaf, key } = await root.issueLeaf({ id: ID, subject: nameOf("leaf") });
    const below = await issuedBy({ key, subject: nameOf("leaf") });
    expect(await verdict(chainOf(below, leaf), [root.der])).toBe("certificate-issuer-not-authority");
    expect(await verdict(chainOf(below), [leaf])).toBe("certificate-issuer-not-authority");
  });

  test.each<[string, Extensions]>([
    ["cA false", { basicConstraints: basicConstraints({ cA: false }) }],
    ["no basic constraints", { basicConstraints: undefined }],
    ["no keyCertSign", { keyUsage: keyUsage([0, CRL_SIGN]) }],
    ["no key usage", { keyUsage: undefined }],
  ])("an authority and an intermediate with %s (X13)", async (_case, extensions) => {
    expect(await belowRoot({ extensions })).toBe("certificate-issuer-not-authority");
    expect(await belowIntermediate({ extensions })).toBe("certificate-issuer-not-authority");
  });

  test.each([
    ["a path", "spiffe://example.org/ca"],
    ["another trust domain", "spiffe://other.org"],
    ["a trust domain with ours as prefix", "spiffe://example.org.evil.org"],
    ["a URI that is not a SPIFFE ID", "https://example.org"],
  ])("an authority and an intermediate with an ID with %s (X15)", async (_case, id) => {
    const extensions = { subjectAltName: subjectAltName([uriName(id)]) };
    expect(await belowRoot({ extensions })).toBe("certificate-issuer-id");
    expect(await belowIntermediate({ extensions })).toBe("certificate-issuer-id");
  });

  test("a signing certificate with two IDs (X15)", async () => {
    const ids = ["spiffe://example.org", "spiffe://example.org"].map(uriName);
    expect(await belowIntermediate({ extensions: { subjectAltName: subjectAltName(ids) } })).toBe(
      "certificate-issuer-id",
    );
  });

  test("a leaf outside its validity, which includes both ends (X16)", async () => {
    const validity = { notBefore: NOW - HOUR, notAfter: NOW + HOUR };
    expect(await leafVerdict(validity, NOW - HOUR)).toBe("valid");
    expect(await leafVerdict(validity, NOW + HOUR)).toBe("valid");
    expect(await leafVerdict(validity, NOW - HOUR - 1)).toBe("certificate-not-yet-valid");
    expect(await leafVerdict(validity, NOW + HOUR + 1)).toBe("certificate-expired");
  });

  test("an authority or an intermediate outside its validity (X16)", async () => {
    const validity = { notBefore: NOW - HOUR, notAfter: NOW + HOUR };
    for (const below of [belowRoot, belowIntermediate]) {
      expect(await below(validity, NOW - HOUR)).toBe("valid");
      expect(await below(validity, NOW + HOUR)).toBe("valid");
      expect(await below(validity, NOW - HOUR - 1)).toBe("certificate-issuer-not-yet-valid");
      expect(await below(validity, NOW + HOUR + 1)).toBe("certificate-issuer-expired");
    }
  });

  test("a path longer than an authority or intermediate allows (X16)", async () => {
    const direct = { trustDomain: "example.org", pathLength: 0 };
    const short = await certificateAuthority(direct);
    expect(await verdict((await short.issueLeaf({ id: ID })).chain, [short.der])).toBe("valid");
    const middle = await short.issueIntermediate();
    const { chain } = await middle.issueLeaf({ id: ID });
    expect(await verdict(chain, [short.der])).toBe("certificate-path-length");

    const one = await root.issueIntermediate({ pathLength: 1 });
    const two = await one.issueIntermediate();
    expect(await verdict((await two.issueLeaf({ id: ID })).chain, [root.der])).toBe("valid");
    const three = await two.issueIntermediate();
    expect(await verdict((await three.issueLeaf({ id: ID })).chain, [root.der])).toBe("certificate-path-length");
  });

  test("an intermediate that issues one in its own name with a path length of 0 (X16)", async () => {
    const own = await root.issueIntermediate({ pathLength: 0, subject: nameOf("one name") });
    const other = await own.issueIntermediate({ subject: nameOf("one name") });
    expect(await verdict((await other.issueLeaf({ id: ID })).chain, [root.der])).toBe("certificate-path-length");
  });

  test("a changed signature, of the leaf or of an intermediate (X16)", async () => {
    const alterSignature = (signature: Der) => {
      const altered = bytesOf(signature);
      altered[altered.length - 1]! ^= 1;
      return altered;
    };
    expect(await leafVerdict({ alterSignature })).toBe("certificate-signature");
    expect(await belowIntermediate({ alterSignature })).toBe("certificate-signature");
  });

  test("a leaf or an intermediate that is signed with SHA-1 (X16)", async () => {
    const innerAlgorithm = sequence(objectIdentifier("1.2.840.10045.4.1"));
    expect(await leafVerdict({ innerAlgorithm })).toBe("certificate-signature-algorithm");
    expect(await belowIntermediate({ innerAlgorithm })).toBe("certificate-signature-algorithm");
  });

  test("a leaf that another key signed in the authority's name (X16)", async () => {
    const key = await signingKey();
    const der = await issuedBy({ key, subject: root.subject });
    expect(await verdict(chainOf(der), [root.der])).toBe("certificate-signature");
  });

  test("an intermediate that another key signed in the authority's name (X16)", async () => {
    const forger = await certificateAuthority({ trustDomain: "example.org" });
    const extensions = { authorityKeyId: undefined };
    const intermediate = await forger.issueIntermediate({ extensions });
    expect(await verdict((await intermediate.issueLeaf({ id: ID })).chain, [root.der])).toBe("certificate-signature");
  });

  test("a leaf of another issuer, by name or by key (X16)", async () => {
    const named = await issuedBy({ key: root.key, subject: nameOf("other") });
    expect(await verdict(chainOf(named), [root.der])).toBe("certificate-issuer-unknown");
    const extensions = { authorityKeyId: authorityKeyId(bytesOf([1, 2, 3])) };
    expect(await leafVerdict({ extensions })).toBe("certificate-issuer-unknown");
    expect(await belowIntermediate({ extensions: { subjectKeyId: subjectKeyId(bytesOf([1])) } })).toBe(
      "certificate-issuer-unknown",
    );
  });

  test("a self-signed leaf, with or without its own authority (X16)", async () => {
    const key = await signingKey();
    const der = await issuedBy({ key, subject: nameOf("self") }, { key, subject: nameOf("self") });
    expect(await verdict(chainOf(der), [root.der])).toBe("certificate-issuer-unknown");
    expect(await verdict(chainOf(der, der), [root.der])).toBe("certificate-issuer-not-authority");
  });

  test("an unknown critical extension of an authority or an intermediate (X16)", async () => {
    const extensions = { more: extension("1.2.3.4", bytesOf([5, 0]), true) };
    expect(await belowRoot({ extensions })).toBe("certificate-critical-extension");
    expect(await belowIntermediate({ extensions })).toBe("certificate-critical-extension");
  });

  test("a self-signed intermediate without an authority (X16)", async () => {
    const { der } = await root.issueLeaf({ id: ID });
    expect(await verdict(chainOf(der, root.der), [])).toBe("certificate-issuer-unknown");
    const other = await certificateAuthority({ trustDomain: "example.org", subject: nameOf("another root") });
    expect(await verdict(chainOf(der, root.der), [other.der])).toBe("certificate-issuer-unknown");
  });

  test("a leaf that an authority of another trust domain signed (X17)", async () => {
    const stranger = await certificateAuthority({ trustDomain: "other.org" });
    const { chain } = await stranger.issueLeaf({ id: ID });
    expect(await verdict(chain, [root.der])).toBe("certificate-issuer-unknown");
    expect(await verdict(chain, [root.der, stranger.der])).toBe("certificate-issuer-id");
    const { chain: own } = await stranger.issueLeaf({ id: "spiffe://other.org/web" });
    expect(await verdict(own, [stranger.der])).toBe("valid");
    expect(await verdict(own, [root.der])).toBe("certificate-issuer-unknown");
  });

  test("an intermediate of another trust domain below the right authority (X17)", async () => {
    const extensions = { subjectAltName: subjectAltName([uriName("spiffe://other.org")]) };
    expect(await belowIntermediate({ extensions })).toBe("certificate-issuer-id");
  });

  test.each([
    ["critical", true],
    ["non-critical", false],
  ])(
    "an authority or an intermediate with %s name constraints, even if the ID satisfies them (X18)",
    async (_case, critical) => {
      const extensions = { more: nameConstraints("example.org", critical) };
      expect(await belowRoot({ extensions })).toBe("certificate-name-constraints");
      expect(await belowIntermediate({ extensions })).toBe("certificate-name-constraints");
    },
  );

  test.each([
    ["servers", [SERVER_AUTH]],
    ["signed code", ["1.3.6.1.5.5.7.3.3"]],
  ])("an authority or an intermediate with only the purpose %s", async (_case, usages) => {
    const extensions = { usage: extendedKeyUsage(usages) };
    expect(await belowRoot({ extensions })).toBe("certificate-issuer-extended-key-usage");
    expect(await belowIntermediate({ extensions })).toBe("certificate-issuer-extended-key-usage");
  });

  test("an authority or an intermediate with a weak key", async () => {
    const key = await signingKey({ type: "RSA", bits: 1024 });
    expect(await belowRoot({ key })).toBe("certificate-issuer-key");
    expect(await belowIntermediate({ key })).toBe("certificate-issuer-key");
  });

  test("every leaf if there are no authorities (B06)", async () => {
    const { chain } = await root.issueLeaf({ id: ID });
    expect(await verdict(chain, [])).toBe("certificate-issuer-unknown");
  });
});

/** A leaf with any issuer name and no authority key id. */
async function issuedBy(
  issuer: { readonly key: SigningKey; readonly subject: Der },
  options: Partial<CertificateOptions> = {},
): Promise<Der> {
  const extensions = { keyUsage: keyUsage([0]), subjectAltName: subjectAltName([uriName(ID)]) };
  return await certificate(issuer, { key: await signingKey(), extensions, ...options });
}

test("verifyX509Svid checks the leaf's signature with the key of a proved intermediate (X16)", async () => {
  const root = await certificateAuthority({ trustDomain: "example.org" });
  const intermediate = await root.issueIntermediate();
  const id = "spiffe://example.org/web";
  const alterSignature = (signature: Der): Der => {
    const altered = bytesOf(signature);
    altered[altered.length - 1]! ^= 1;
    return altered;
  };
  const good = await intermediate.issueLeaf({ id });
  expect(await verdict(good.chain, [root.der])).toBe("valid");
  const forged = await intermediate.issueLeaf({ id, alterSignature });
  expect(await verdict(forged.chain, [root.der])).toBe("certificate-signature");
  // Signed with another key, under the name and key id of the intermediate.
  const stranger = await signingKey();
  const options = { extensions: { authorityKeyId: undefined } };
  const impostor = await certificateAuthority({
    trustDomain: "example.org",
    key: stranger,
    subject: intermediate.subject,
  });
  const { der } = await impostor.issueLeaf({ id, ...options });
  expect(await verdict({ leaf: der, intermediates: good.chain.intermediates }, [root.der])).toBe(
    "certificate-signature",
  );
});
