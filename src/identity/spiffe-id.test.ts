import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCallerId, parseSpiffeId, parseTrustDomain, pathOf, trustDomainOf } from "./spiffe-id.ts";

const LONGEST_DOMAIN = "a".repeat(255);
const LONGEST_ID = `spiffe://example.org/${"a".repeat(2048 - "spiffe://example.org/".length)}`;

describe("parseSpiffeId accepts", () => {
  test.each([
    ["a path", "spiffe://example.org/a/b"],
    ["ID06 all that a trust domain may hold", "spiffe://a-z_0.9/x"],
    ["ID08 dotted quads", "spiffe://10.0.0.1/x"],
    ["ID15 all that a segment may hold", "spiffe://example.org/AZaz09.-_"],
    ["ID13 dots among others", "spiffe://example.org/.../..a/.b"],
    ["ID17 2048 bytes", LONGEST_ID],
    ["ID18 a trust domain of 255 bytes", `spiffe://${LONGEST_DOMAIN}/x`],
    ["an empty path", "spiffe://example.org"],
  ])("%s", (_case, text) => {
    expect(parseSpiffeId(text)).toBe(text);
  });

  test("ID01 the scheme in any case, and emits it in lower case", () => {
    expect(parseSpiffeId("SpIFFe://example.org/x")).toBe("spiffe://example.org/x");
  });

  test("ID16 paths with regard to case", () => {
    expect(parseSpiffeId("spiffe://example.org/A")).toBe("spiffe://example.org/A");
    expect(parseSpiffeId("spiffe://example.org/A")).not.toBe(parseSpiffeId("spiffe://example.org/a"));
  });
});

test("ID06, ID15 accepts the characters of the standard, and of all others none", () => {
  const accepted = (idOf: (character: string) => string) =>
    Array.from({ length: 0x300 }, (_, code) => String.fromCharCode(code))
      .filter((character) => parseSpiffeId(idOf(character)) !== undefined)
      .join("");
  const lower = "abcdefghijklmnopqrstuvwxyz";
  expect(accepted((character) => `spiffe://a${character}b/x`)).toBe(`-./0123456789_${lower}`);
  expect(accepted((character) => `spiffe://example.org/a${character}b`)).toBe(
    `-./0123456789${lower.toUpperCase()}_${lower}`,
  );
});

describe("parseSpiffeId refuses", () => {
  test.each([
    ["nothing", ""],
    ["ID01 another scheme", "https://example.org/x"],
    ["ID01 a longer scheme", "xspiffe://example.org/x"],
    ["ID01 a missing slash", "spiffe:/example.org/x"],
    ["ID01 a look-alike scheme", "ſpiffe://example.org/x"],
    ["ID01 no scheme", "//example.org/x"],
    ["ID01 a scheme with something before the slashes", "spiffe:x//example.org/x"],
    ["ID01 the scheme twice", "spiffe://spiffe://example.org/x"],
    ["ID02 no trust domain", "spiffe:///x"],
    ["ID02 nothing after the scheme", "spiffe://"],
    ["ID03 userinfo", "spiffe://user@example.org/x"],
    ["ID03 userinfo with a password", "spiffe://user:pw@example.org/x"],
    ["ID03 empty userinfo", "spiffe://@example.org/x"],
    ["ID04 a port", "spiffe://example.org:80/x"],
    ["ID04 an empty port", "spiffe://example.org:/x"],
    ["ID05 upper case in the trust domain", "spiffe://Example.org/x"],
    ["ID06 another character in the trust domain", "spiffe://exam!ple/x"],
    ["ID07 percent-encoding in the trust domain", "spiffe://ex%61mple/x"],
    ["ID07 percent-encoding of a dot", "spiffe://example%2eorg/x"],
    ["ID08 an IPv6 literal", "spiffe://[::1]/x"],
    ["ID08 an IPv6 literal that holds a dotted quad", "spiffe://[::ffff:10.0.0.1]/x"],
    ["ID08 an IPv6 literal without brackets", "spiffe://::1/x"],
    ["ID09 a query", "spiffe://example.org/x?a=b"],
    ["ID09 an empty query", "spiffe://example.org/x?"],
    ["ID09 a query on the trust domain", "spiffe://example.org?"],
    ["ID10 a fragment", "spiffe://example.org/x#a"],
    ["ID10 an empty fragment", "spiffe://example.org/x#"],
    ["ID11 percent-encoding in the path", "spiffe://example.org/%61"],
    ["ID11 percent-encoding of a slash", "spiffe://example.org/a%2Fb"],
    ["ID11 percent-encoding of ..", "spiffe://example.org/%2e%2e/a"],
    ["ID11 a percent sign alone", "spiffe://example.org/a%"],
    ["ID12 an empty segment", "spiffe://example.org/a//b"],
    ["ID12 an empty first segment", "spiffe://example.org//a"],
    ["ID13 a segment .", "spiffe://example.org/./a"],
    ["ID13 a segment ..", "spiffe://example.org/a/.."],
    ["ID13 a segment . at the end", "spiffe://example.org/a/."],
    ["ID13 a segment .. at the beginning", "spiffe://example.org/../a"],
    ["ID14 a trailing slash", "spiffe://example.org/a/"],
    ["ID14 a slash alone", "spiffe://example.org/"],
    ["ID15 another character in a segment", "spiffe://example.org/a:b"],
    ["ID15 a backslash", "spiffe://example.org\\a"],
    ["ID17 2049 bytes", `${LONGEST_ID}a`],
    ["ID18 a trust domain of 256 bytes", `spiffe://${LONGEST_DOMAIN}a/x`],
    ["ID19 Unicode", "spiffe://exämple.org/x"],
    ["ID19 what NFKC would fold", "spiffe://example.org/ａ"],
    ["ID19 what NFKC would fold, in the trust domain", "spiffe://ｅxample.org/x"],
    ["ID19 another full stop", "spiffe://example。org/x"],
    ["ID19 a byte order mark", "\uFEFFspiffe://example.org/x"],
    ["ID19 a no-break space", "spiffe://example.org/x\u00A0"],
    ["ID19 a zero-width space", "spiffe://example.org/\u200Bx"],
    ["ID19 trailing space", "spiffe://example.org/x "],
    ["ID19 a line break in the scheme", "spi\nffe://example.org/x"],
    ["ID19 a carriage return inside", "spiffe://example.org/a\rb"],
    ["ID19 leading space", " spiffe://example.org/x"],
    ["ID19 trailing newline", "spiffe://example.org/x\n"],
    ["ID19 trailing newline on the trust domain", "spiffe://example.org\n"],
    ["ID19 a tab inside", "spiffe://exam\tple.org/x"],
    ["ID19 NUL", "spiffe://example.org/x\0"],
  ])("%s", (_case, text) => {
    expect(parseSpiffeId(text)).toBeUndefined();
  });

  test("a megabyte of slashes at once", () => {
    expect(parseSpiffeId(`spiffe://example.org${"/a".repeat(500_000)}!`)).toBeUndefined();
  });
});

test("R5 whatever is a caller's ID satisfies SPIKE's rule for peers, whatever the text", () => {
  const peer = /^spiffe:\/\/[a-zA-Z0-9.-]+(\/[a-zA-Z0-9._-]+)*$/;
  const text = fc.array(fc.constantFrom("spiffe", "://", "/", ".", "..", "a", "B", "_", "-", "%41", "@", ":", "\n"));
  fc.assert(
    fc.property(text, (parts) => {
      const id = parseSpiffeId(`spiffe://${parts.join("")}`);
      if (id !== undefined && isCallerId(id)) expect(id).toMatch(peer);
    }),
    { numRuns: 2000 },
  );
});

describe("isCallerId", () => {
  test.each([
    ["spiffe://example.org/x", true],
    ["spiffe://example.org/a_b", true],
    ["spiffe://10.0.0.1/x", true],
    ["spiffe://ex_ample.org/x", false],
    ["spiffe://example.org", false],
  ])("R5, X04: of %s is %s", (text, expected) => {
    expect(isCallerId(parseSpiffeId(text)!)).toBe(expected);
  });
});

test("trustDomainOf and pathOf split an ID without loss", () => {
  for (const [text, trustDomain, path] of [
    ["spiffe://example.org", "example.org", ""],
    ["spiffe://example.org/a", "example.org", "/a"],
    ["spiffe://e/a/b", "e", "/a/b"],
  ] as const) {
    const id = parseSpiffeId(text)!;
    expect([trustDomainOf(id), pathOf(id)]).toEqual([trustDomain, path]);
  }
});

describe("parseTrustDomain", () => {
  test.each(["example.org", "a", "1", "a_b", LONGEST_DOMAIN])("ID06, ID18: accepts %s", (text) => {
    expect(parseTrustDomain(text)).toBe(text);
  });

  test.each(["", "Example.org", "spiffe://example.org", "example.org/", "a,b", " a", "a\n", `${LONGEST_DOMAIN}a`])(
    "ID02, ID05, ID18: refuses %j",
    (text) => {
      expect(parseTrustDomain(text)).toBeUndefined();
    },
  );
});
