import { describe, expect, test } from "vitest";
import { type PatternSide, requestKeys } from "./literal-prefix.ts";
import { parsePattern } from "./pattern.ts";

function prefixOf(side: PatternSide, text: string): string {
  const parsed = parsePattern(side, text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.detail}`);
  return parsed.pattern.prefix;
}

describe("the prefix of a path pattern (G07)", () => {
  test.each([
    ["^a/b", "a/"],
    ["^a/b/", "a/b/"],
    ["^a/b/c/d/e/f", "a/b/c/d/"],
    ["^a/b/c/d/", "a/b/c/d/"],
    ["^//a", "//"],
    ["^/", "/"],
    ["^a", ""],
    ["^", ""],
    ["^tenants/acme/", "tenants/acme/"],
    // Other spellings of the same.
    [String.raw`\Aa/b`, "a/"],
    [String.raw`^\Qa/b\E/c`, "a/b/"],
    [String.raw`^\Qa/b/c`, "a/b/"],
    [String.raw`^\Qa.b/\E`, "a.b/"],
    [String.raw`^a\.b/c`, "a.b/"],
    ["^a[.]b/c", "a.b/"],
    [String.raw`^\x61\x2f`, "a/"],
    [String.raw`^\141/`, "a/"],
    ["^(a/b)c/", "a/bc/"],
    ["^((a/)(b/))", "a/b/"],
    ["(^a/)b", "a/"],
    ["(^)a/b", "a/"],
    ["()^a/", "a/"],
    ["^^a/b", "a/"],
    ["$^a/b", "a/"],
    [String.raw`\b^a/b`, "a/"],
    [String.raw`^\ba/b`, "a/"],
    [String.raw`^a/\Bb/`, "a/b/"],
    ["^a/^b/", "a/b/"],
    ["^a/$b/", "a/"],
    ["(?s)^a/", "a/"],
    ["(?U)^a/", "a/"],
    ["(?i)^/", "/"],
    ["(?i)^(?-i)a/", "a/"],
    ["^1/(?i)2/a/b/", "1/2/"],
    ["^a+/b", ""],
    ["^a/b+/c", "a/"],
    ["^a/+b", "a/"],
    ["^a{2}/b/", "aa/b/"],
    ["^(a/){2}b", "a/a/"],
    ["^a/{0}b/", "ab/"],
    ["^(a/){0}b/", "b/"],
    ["^a{/b", "a{/"],
    ["^a{01}/b", "a{01}/"],
    // Alternatives: the engine factors out a common prefix.
    ["^(a/b|a/c)", "a/"],
    ["^a/(b|c)/", "a/"],
    ["^(a/|a/)b/", "a/b/"],
    ["^a/b|^a/c", ""],
    // Looks like a prefix, but is not.
    ["a/b", ""],
    ["^a/|b", ""],
    ["b|^a/", ""],
    ["^a/|^b/", ""],
    ["^a/*", ""],
    ["^a/?b", ""],
    ["^a*/b", ""],
    ["^(a/)*b", ""],
    ["^(a/)?b", ""],
    ["(^a/)?b", ""],
    ["(^)?a/b", ""],
    ["(^)*a/b", ""],
    ["^{0}a/b", ""],
    ["^?a/b", ""],
    ["(?i)^a/b", ""],
    ["^(?i)a/", ""],
    ["^(?i)k/", ""],
    ["^[aA]/", ""],
    ["^[ab]/", ""],
    ["^.a/", ""],
    ["^a.b/c", ""],
    [String.raw`^\w/`, ""],
    ["(?m)^a/", ""],
    ["(?m)^^a/", ""],
    ["(?m)$^a/", ""],
    [String.raw`\ba/`, ""],
    [String.raw`\Ba/`, ""],
    ["$a/", ""],
    [String.raw`\^a/`, ""],
    [String.raw`\Q^a/`, ""],
    ["[^a]/", ""],
    ["a/^", ""],
    ["a/(^b/)", ""],
    [String.raw`^[^\x00-\x{10FFFF}]a/`, ""],
    [String.raw`^\x{E9}/`, ""],
    [String.raw`^a/\x{10000}/`, "a/"],
  ])("%s is %j", (text, prefix) => {
    expect(prefixOf("path", text)).toBe(prefix);
  });
});

describe("the prefix of a SPIFFE ID pattern (G07)", () => {
  test.each([
    [String.raw`^spiffe://example\.org/app$`, "spiffe://example.org/"],
    [String.raw`^spiffe://example\.org/ns/NS/sa/SA$`, "spiffe://example.org/ns/NS/sa/"],
    [String.raw`^spiffe://example\.org/ns/NS/sa/SA/x/y`, "spiffe://example.org/ns/NS/sa/"],
    [String.raw`^spiffe://example\.org/ns/.*$`, "spiffe://example.org/ns/"],
    [String.raw`^spiffe://example\.org`, "spiffe://"],
    ["^spiffe://example.org/app$", "spiffe://"],
    ["^spiffe://*a/b", "spiffe:/"],
    ["^spiffe://(?i)td/a", "spiffe://"],
    [String.raw`spiffe://example\.org/app$`, ""],
  ])("%s is %j", (text, prefix) => {
    expect(prefixOf("spiffeId", text)).toBe(prefix);
  });
});

/** The key of a whole text. */
const whole = (text: string) => `${text}\u0000`;

describe("the key of a pattern (G07)", () => {
  test.each([
    // Matches one text: that text.
    ["^a/b$", whole("a/b")],
    ["^a$", whole("a")],
    ["^(a)/(b)$", whole("a/b")],
    [String.raw`^a\.b/c\z`, whole("a.b/c")],
    [String.raw`\Aa/\Qb.c\E$`, whole("a/b.c")],
    ["^a{3}$", whole("aaa")],
    ["^$", whole("")],
    // Nothing can match after the end.
    ["^a$b", whole("a")],
    // Matches several texts: the prefix.
    ["^a/b", "a/"],
    ["^a/b?$", "a/"],
    ["^a/b.$", "a/"],
    ["^a/(b|c)$", "a/"],
    ["^a/b$|^c", ""],
    ["a/b$", ""],
    ["$", ""],
    ["(?i)^a/b$", ""],
    ["^a/(?i)b$", "a/"],
    ["(?m)^a/b$", ""],
    // The end of a line is not the end of the text.
    ["^a/(?m)b$", "a/"],
  ])("%s is %j", (text, key) => {
    const parsed = parsePattern("path", text);
    expect(parsed.ok && parsed.pattern.key).toBe(key);
  });

  test("is the SPIFFE ID itself if the pattern matches only that ID", () => {
    const parsed = parsePattern("spiffeId", String.raw`^spiffe://example\.org/app$`);
    expect(parsed.ok && parsed.pattern.key).toBe(whole("spiffe://example.org/app"));
  });
});

describe("the keys of a request (G07)", () => {
  test("are at most six for a path", () => {
    expect(requestKeys("path", "a/b")).toEqual(["", "a/", whole("a/b")]);
    const deep = ["", "a/", "a/b/", "a/b/c/", "a/b/c/d/", whole("a/b/c/d/e/f/")];
    expect(requestKeys("path", "a/b/c/d/e/f/")).toEqual(deep);
    expect(requestKeys("path", "//a")).toEqual(["", "/", "//", whole("//a")]);
    expect(requestKeys("path", "a")).toEqual(["", whole("a")]);
    expect(requestKeys("path", "")).toEqual(["", whole("")]);
  });

  test("are at most eight for a SPIFFE ID, enough to distinguish Kubernetes namespaces", () => {
    expect(requestKeys("spiffeId", "spiffe://td/ns/NS/sa/SA/x/y")).toEqual([
      "",
      "spiffe:/",
      "spiffe://",
      "spiffe://td/",
      "spiffe://td/ns/",
      "spiffe://td/ns/NS/",
      "spiffe://td/ns/NS/sa/",
      whole("spiffe://td/ns/NS/sa/SA/x/y"),
    ]);
  });
});
