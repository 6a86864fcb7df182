import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isCallerId, parseSpiffeId, parseTrustDomain, pathOf, trustDomainOf } from "./spiffe-id.ts";

const LONGEST_DOMAIN = "a".repeat(255);
const LONGEST_ID = `spiffe://example.org/${"a".repeat(2048 - "spiffe://example.org/".length)}`;

describe("parseSpiffeId accepts", () => {
  test.each([
    ["a path", "spiffe://example.org/a/b"],
    ["every kind of character in a trust domain (ID06)", "spiffe://a-z_0.9/x"],
    ["dotted quads (ID08)", "spiffe://10.0.0.1/x"],
    ["every kind of character in a segment (ID15)", "spiffe://example.org/AZaz09.-_"],
    ["dots among other characters (ID13)", "spiffe://example.org/.../..a/.b"],
    ["2048 bytes (ID17)", LONGEST_ID],
    ["a trust domain of 255 bytes (ID18)", `spiffe://${LONGEST_DOMAIN}/x`],
    ["an empty path", "spiffe://example.org"],
  ])("%s", (_case, text) => {
    expect(parseSpiffeId(text)).toBe(text);
  });

  test("the scheme in any case and returns it in lower case (ID01)", () => {
    expect(parseSpiffeId("SpIFFe://example.org/x")).toBe("spiffe://example.org/x");
  });

  test("paths case-sensitively (ID16)", () => {
    expect(parseSpiffeId("spiffe://example.org/A")).toBe("spiffe://example.org/A");
    expect(parseSpiffeId("spiffe://example.org/A")).not.toBe(parseSpiffeId("spiffe://example.org/a"));
  });
});

test("parseSpiffeId accepts only the characters of the standard (ID06, ID15)", () => {
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

describe("parseSpiffeId rejects", () => {
  test.each([
    ["the empty string", ""],
    ["another scheme (ID01)", "https://example.org/x"],
    ["a longer scheme (ID01)", "xspiffe://example.org/x"],
    ["a missing slash (ID01)", "spiffe:/example.org/x"],
    ["a look-alike scheme (ID01)", "ſpiffe://example.org/x"],
    ["no scheme (ID01)", "//example.org/x"],
    ["a scheme with something before the slashes (ID01)", "spiffe:x//example.org/x"],
    ["the scheme twice (ID01)", "spiffe://spiffe://example.org/x"],
    ["no trust domain (ID02)", "spiffe:///x"],
    ["nothing after the scheme (ID02)", "spiffe://"],
    ["userinfo (ID03)", "spiffe://user@example.org/x"],
    ["userinfo with a password (ID03)", "spiffe://user:pw@example.org/x"],
    ["empty userinfo (ID03)", "spiffe://@example.org/x"],
    ["a port (ID04)", "spiffe://example.org:80/x"],
    ["an empty port (ID04)", "spiffe://example.org:/x"],
    ["upper case in the trust domain (ID05)", "spiffe://Example.org/x"],
    ["another character in the trust domain (ID06)", "spiffe://exam!ple/x"],
    ["percent-encoding in the trust domain (ID07)", "spiffe://ex%61mple/x"],
    ["percent-encoding of a dot (ID07)", "spiffe://example%2eorg/x"],
    ["an IPv6 literal (ID08)", "spiffe://[::1]/x"],
    ["an IPv6 literal that holds a dotted quad (ID08)", "spiffe://[::ffff:10.0.0.1]/x"],
    ["an IPv6 literal without brackets (ID08)", "spiffe://::1/x"],
    ["a query (ID09)", "spiffe://example.org/x?a=b"],
    ["an empty query (ID09)", "spiffe://example.org/x?"],
    ["a query on the trust domain (ID09)", "spiffe://example.org?"],
    ["a fragment (ID10)", "spiffe://example.org/x#a"],
    ["an empty fragment (ID10)", "spiffe://example.org/x#"],
    ["percent-encoding in the path (ID11)", "spiffe://example.org/%61"],
    ["percent-encoding of a slash (ID11)", "spiffe://example.org/a%2Fb"],
    ["percent-encoding of .. (ID11)", "spiffe://example.org/%2e%2e/a"],
    ["a percent sign alone (ID11)", "spiffe://example.org/a%"],
    ["an empty segment (ID12)", "spiffe://example.org/a//b"],
    ["an empty first segment (ID12)", "spiffe://example.org//a"],
    ["a segment . (ID13)", "spiffe://example.org/./a"],
    ["a segment .. (ID13)", "spiffe://example.org/a/.."],
    ["a segment . at the end (ID13)", "spiffe://example.org/a/."],
    ["a segment .. at the beginning (ID13)", "spiffe://example.org/../a"],
    ["a trailing slash (ID14)", "spiffe://example.org/a/"],
    ["a slash alone (ID14)", "spiffe://example.org/"],
    ["another character in a segment (ID15)", "spiffe://example.org/a:b"],
    ["a backslash (ID15)", "spiffe://example.org\\a"],
    ["2049 bytes (ID17)", `${LONGEST_ID}a`],
    ["a trust domain of 256 bytes (ID18)", `spiffe://${LONGEST_DOMAIN}a/x`],
    ["Unicode (ID19)", "spiffe://exämple.org/x"],
    ["a character that NFKC would fold (ID19)", "spiffe://example.org/ａ"],
    ["a character that NFKC would fold, in the trust domain (ID19)", "spiffe://ｅxample.org/x"],
    ["another full stop (ID19)", "spiffe://example。org/x"],
    ["a byte order mark (ID19)", "\uFEFFspiffe://example.org/x"],
    ["a no-break space (ID19)", "spiffe://example.org/x\u00A0"],
    ["a zero-width space (ID19)", "spiffe://example.org/\u200Bx"],
    ["trailing space (ID19)", "spiffe://example.org/x "],
    ["a line break in the scheme (ID19)", "spi\nffe://example.org/x"],
    ["a carriage return inside (ID19)", "spiffe://example.org/a\rb"],
    ["leading space (ID19)", " spiffe://example.org/x"],
    ["trailing newline (ID19)", "spiffe://example.org/x\n"],
    ["trailing newline on the trust domain (ID19)", "spiffe://example.org\n"],
    ["a tab inside (ID19)", "spiffe://exam\tple.org/x"],
    ["NUL (ID19)", "spiffe://example.org/x\0"],
  ])("%s", (_case, text) => {
    expect(parseSpiffeId(text)).toBeUndefined();
  });

  test("a megabyte of slashes in linear time", () => {
    expect(parseSpiffeId(`spiffe://example.org${"/a".repeat(500_000)}!`)).toBeUndefined();
  });
});

test("every caller ID satisfies SPIKE's rule for peers (R5)", () => {
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
  ])("returns for %s: %s (R5, X04)", (text, expected) => {
    expect(isCallerId(parseSpiffeId(text)!)).toBe(expected);
  });
});

test("trustDomainOf and pathOf split an ID completely", () => {
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
  test.each(["example.org", "a", "1", "a_b", LONGEST_DOMAIN])("accepts %s (ID06, ID18)", (text) => {
    expect(parseTrustDomain(text)).toBe(text);
  });

  test.each(["", "Example.org", "spiffe://example.org", "example.org/", "a,b", " a", "a\n", `${LONGEST_DOMAIN}a`])(
    "rejects %j (ID02, ID05, ID18)",
    (text) => {
      expect(parseTrustDomain(text)).toBeUndefined();
    },
  );
});
