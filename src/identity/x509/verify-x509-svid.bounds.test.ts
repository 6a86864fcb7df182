import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { Der } from "./der.fixture.ts";
import { certificateAuthority, nameOf, type TestAuthority } from "./minting.fixture.ts";
import { chainOf, lineBelow, verdict } from "./verify-chain.fixture.ts";

const ID = "spiffe://example.org/web";

let root: TestAuthority;

beforeAll(async () => {
  root = await certificateAuthority({ trustDomain: "example.org" });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the work that a client can cause is bounded (X20)", () => {
  /** Intermediates whose subject is also their issuer, so that each could have issued each other. */
  async function tangle(count: number): Promise<{ readonly leaf: Der; readonly tangled: readonly Der[] }> {
    const subject = root.subject;
    const options = { trustDomain: "example.org", subject, extensions: { subjectKeyId: undefined } };
    const made = await Promise.all(Array.from({ length: count }, async () => await certificateAuthority(options)));
    const { der } = await made[0]!.issueLeaf({ id: ID, extensions: { authorityKeyId: undefined } });
    return { leaf: der, tangled: made.map(({ der }) => der) };
  }

  test.each([
    ["none", () => []],
    ["one", () => [root.der]],
  ])(
    "at most 16 signatures are checked below %s of the authorities, for any number of apparent paths",
    async (_case, authorities) => {
      const { leaf, tangled } = await tangle(8);
      const checks = vi.spyOn(crypto.subtle, "verify");
      expect(await verdict(chainOf(leaf, ...tangled), authorities())).toBe("certificate-path-search");
      expect(checks.mock.calls.length).toBeLessThanOrEqual(16);
    },
  );

  test("at most 16 authorities are tried", async () => {
    const options = { trustDomain: "example.org", extensions: { subjectKeyId: undefined } };
    const many = await Promise.all(Array.from({ length: 16 }, async () => await certificateAuthority(options)));
    const authorities = many.map(({ der }) => der);
    const { chain } = await many.at(-1)!.issueLeaf({ id: ID });
    expect(await verdict(chain, authorities)).toBe("valid");
    expect(await verdict(chain, [root.der, ...authorities])).toBe("valid");
    const unnamed = await certificateAuthority(options);
    expect(await verdict(chain, [unnamed.der, ...authorities])).toBe("certificate-path-search");
  });

  test("without an authority above, no signature is checked and no key imported", async () => {
    const { chain } = await (await lineBelow(root, 8)).issueLeaf({ id: ID });
    const stranger = await certificateAuthority({ trustDomain: "example.org", subject: nameOf("stranger") });
    const [checks, imports] = [vi.spyOn(crypto.subtle, "verify"), vi.spyOn(crypto.subtle, "importKey")];
    expect(await verdict(chain, [stranger.der])).toBe("certificate-issuer-unknown");
    expect([checks.mock.calls, imports.mock.calls]).toEqual([[], []]);
  });

  test("no key is used before its certificate is proved", async () => {
    const forger = await certificateAuthority({ trustDomain: "example.org" });
    const forged = await forger.issueIntermediate({ extensions: { authorityKeyId: undefined } });
    const { chain } = await forged.issueLeaf({ id: ID });
    const imports = vi.spyOn(crypto.subtle, "importKey");
    expect(await verdict(chain, [root.der])).toBe("certificate-signature");
    expect(imports.mock.calls.map(([, key]) => key)).toEqual([root.key.spki]);
  });
});
