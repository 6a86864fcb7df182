import { exportJWK, generateKeyPair } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { bundleOf, mintingKey, type MintingKey } from "../jwt/minting.fixture.ts";
import { parseCertificate } from "../x509/certificate.ts";
import { base64, certificateAuthority, type TestAuthority } from "../x509/minting.fixture.ts";
import { importTrustBundle, parseTrustBundle, type BundleKeys } from "./trust-bundle.ts";

let es256: MintingKey;
let rs256: MintingKey;
let authority: TestAuthority;

beforeAll(async () => {
  [es256, rs256] = await Promise.all([mintingKey("ES256"), mintingKey("RS256")]);
  authority = await certificateAuthority({ trustDomain: "example.org" });
});

function parsed(json: unknown): BundleKeys {
  const bundle = parseTrustBundle(json);
  if (!bundle.ok) throw new Error(bundle.problem);
  return bundle;
}

describe("parseTrustBundle", () => {
  test("reads text and objects, and ignores unknown parameters (B09)", () => {
    const document = { keys: [es256.entry, rs256.entry], spiffe_sequence: 7, spiffe_refresh_hint: 60, other: {} };
    expect(parsed(JSON.stringify(document))).toEqual(parsed(document));
    expect(parsed(document)).toMatchObject({ sequence: 7n, ignored: [] });
    expect(parsed(document).keys.map((key) => [key.entry, key.kid])).toEqual([
      [0, es256.kid],
      [1, rs256.kid],
    ]);
  });

  test.each([
    ["no keys (B01)", {}],
    ["keys of null (B01)", { keys: null }],
    ["keys that are an object (B01)", { keys: { 0: {} } }],
    ["an array", []],
    ["null", null],
    ["undefined", undefined],
    ["a number", 7],
    ["text that is not JSON", "keys"],
    ["JSON null", "null"],
    ["keys twice (B10)", '{"keys":[],"keys":[]}'],
    ["a duplicate in an entry (T10)", '{"keys":[{"kid":"a","kid":"b"}]}'],
  ])("rejects %s", (_case, json) => {
    expect(parseTrustBundle(json)).toMatchObject({ ok: false });
  });

  test("ignores entries of other kinds and reports their indices (B02, B03, B04, J13)", () => {
    const keys = [null, { ...es256.entry, use: "x509-svid" }, es256.entry, "x", { ...es256.entry, kty: "OKP" }];
    expect(parsed({ keys })).toMatchObject({
      keys: [{ entry: 2 }],
      ignored: [
        { entry: 0, reason: "not-an-object" },
        { entry: 1, reason: "certificate-missing" },
        { entry: 3, reason: "not-an-object" },
        { entry: 4, reason: "key-type" },
      ],
    });
  });

  test("ignores all entries that share a kid (T05)", () => {
    const twin = { ...rs256.entry, kid: es256.kid };
    expect(parsed({ keys: [es256.entry, twin, rs256.entry, es256.entry] })).toMatchObject({
      keys: [{ kid: rs256.kid }],
      ignored: [0, 1, 3].map((entry) => ({ entry, reason: "key-id-repeated" })),
    });
  });

  test("reports ignored entries in their order", () => {
    const keys = [es256.entry, null, es256.entry, { use: "x509-svid" }];
    expect(parsed({ keys }).ignored.map(({ entry }) => entry)).toEqual([0, 1, 2, 3]);
  });

  test("keeps a key if an entry for another use has the same kid (T05)", () => {
    const other = { ...authority.bundleEntry, kid: es256.kid };
    expect(parsed({ keys: [es256.entry, other] })).toMatchObject({ keys: [{ kid: es256.kid }], ignored: [] });
    expect(parsed({ keys: [es256.entry, other] }).authorities).toHaveLength(1);
  });

  test("reads the authorities for X.509-SVIDs, each from its first certificate (B04, B05)", () => {
    const x5c = [base64(authority.der), "another"];
    const bundle = parsed({
      keys: [{ ...authority.bundleEntry, x5c }, es256.entry, { ...authority.bundleEntry, x5c: [] }],
    });
    expect(bundle.authorities).toEqual([parseCertificate(authority.der)]);
    expect(bundle).toMatchObject({ keys: [{ entry: 1 }], ignored: [{ entry: 2, reason: "certificate-missing" }] });
  });

  test.each(["d", "p", "q", "dp", "dq", "qi", "oth", "k"])(
    "rejects a bundle that holds %s without quoting it",
    (name) => {
      const canary = "c2VjcmV0LWNhbmFyeQ";
      const leak = parseTrustBundle({ keys: [es256.entry, { use: "x509-svid", [name]: canary }] });
      expect(leak).toEqual({ ok: false, problem: 'entry 1 of "keys" holds a private key: it must be replaced' });
      expect(JSON.stringify(leak)).not.toContain(canary);
    },
  );

  test("rejects a real private key", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    const entry = { ...(await exportJWK(privateKey)), kid: "k", use: "jwt-svid" };
    const leak = parseTrustBundle(JSON.stringify({ keys: [entry] }));
    expect(leak.ok).toBe(false);
    expect(JSON.stringify(leak)).not.toContain(entry.d);
  });

  test.each([
    ["18446744073709551616", 18_446_744_073_709_551_616n],
    ["9007199254740993", 9_007_199_254_740_993n],
    ["0", 0n],
  ])("keeps the sequence %s exact (B07)", (text, sequence) => {
    expect(parsed(`{"keys":[],"spiffe_sequence":${text}}`).sequence).toBe(sequence);
  });

  test.each([-1, 1.5, 2 ** 53, "7", null, true])("rejects the sequence %j (B07)", (sequence) => {
    expect(parseTrustBundle({ keys: [], spiffe_sequence: sequence })).toMatchObject({ ok: false });
  });

  test("accepts a bundle without sequence and hint (B07, B08, B09)", () => {
    expect(parsed({ keys: [] })).toMatchObject({ sequence: undefined, refreshHint: undefined });
  });

  test.each([0, 1, 300, 2 ** 40])("keeps the hint %i (B08)", (hint) => {
    expect(parsed({ keys: [], spiffe_refresh_hint: hint }).refreshHint).toBe(hint);
    expect(parsed(`{"keys":[],"spiffe_refresh_hint":${hint}}`).refreshHint).toBe(hint);
  });

  test.each([-1, 1.5, "300", null, true, [300], 2 ** 53])("ignores the hint %j and keeps the bundle (B08)", (hint) => {
    expect(parsed({ keys: [es256.entry], spiffe_refresh_hint: hint })).toMatchObject({
      keys: [{ kid: es256.kid }],
      refreshHint: undefined,
    });
  });

  test("ignores a hint beyond the safe integers (B08)", () => {
    expect(parsed('{"keys":[],"spiffe_refresh_hint":9007199254740993}').refreshHint).toBeUndefined();
  });
});

describe("importTrustBundle", () => {
  test("imports each key for each of its algorithms, as a public key for verification only", async () => {
    const bundle = await bundleOf(es256.entry, rs256.entry);
    expect([...bundle.keys.get(es256.kid)!.keys()]).toEqual(["ES256"]);
    expect([...bundle.keys.get(rs256.kid)!.keys()]).toEqual(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
    for (const key of [...bundle.keys.values()].flatMap((byAlgorithm) => [...byAlgorithm.values()])) {
      expect([key.type, key.usages]).toEqual(["public", ["verify"]]);
    }
  });

  test.each(["ES256", "ES384", "ES512"])("imports a key on the curve of %s", async (alg) => {
    const bundle = await bundleOf((await mintingKey(alg)).entry);
    expect(bundle.ignored).toEqual([]);
  });

  test("imports a key with alg for that algorithm only (T03)", async () => {
    const bundle = await bundleOf({ ...rs256.entry, alg: "PS256" });
    expect([...bundle.keys.get(rs256.kid)!.keys()]).toEqual(["PS256"]);
  });

  test("ignores a key that cannot be imported and keeps the others", async () => {
    const offCurve = { ...es256.entry, kid: "off", y: es256.entry.x };
    const short = { ...es256.entry, kid: "short", x: "AQ" };
    const bundle = await bundleOf(offCurve, es256.entry, short);
    expect([...bundle.keys.keys()]).toEqual([es256.kid]);
    expect(bundle.ignored).toEqual([
      { entry: 0, reason: "import" },
      { entry: 2, reason: "import" },
    ]);
  });

  test("accepts an empty bundle, without keys and authorities (B06)", async () => {
    for (const keys of [[], [{ use: "x509-svid" }], [{ ...authority.bundleEntry, use: "jwt-svid" }]]) {
      const bundle = await importTrustBundle(parsed({ keys, spiffe_sequence: 3 }));
      expect([bundle.keys.size, bundle.authorities]).toEqual([0, []]);
    }
  });

  test("keeps the authorities, the sequence and the hint", async () => {
    const document = { keys: [authority.bundleEntry], spiffe_sequence: 3, spiffe_refresh_hint: 60 };
    const bundle = await importTrustBundle(parsed(document));
    expect(bundle).toMatchObject({ sequence: 3n, refreshHint: 60, ignored: [] });
    expect(bundle.authorities).toEqual([parseCertificate(authority.der)]);
  });
});

test("an imported bundle also reports the entries that parsing ignored", async () => {
  const parsed = parseTrustBundle({ keys: [7, { use: "wit-svid" }] });
  if (!parsed.ok) throw new Error(parsed.problem);
  expect(parsed.ignored).toHaveLength(2);
  expect((await importTrustBundle(parsed)).ignored).toEqual(parsed.ignored);
});
