import { describe, expect, test } from "vitest";
import { type PatternSide, requestPrefixes } from "./literal-prefix.ts";
import { parsePattern } from "./pattern.ts";

function prefixOf(side: PatternSide, text: string): string {
  const parsed = parsePattern(side, text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.detail}`);
  return parsed.pattern.prefix;
}

describe("G07 the prefix of a path pattern", () => {
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
    // Written otherwise, and the same.
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
    ["^a/$b/", "a/b/"],
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
    // Alternatives: what they begin with in common is found once the engine has factored it out.
    ["^(a/b|a/c)", "a/"],
    ["^a/(b|c)/", "a/"],
    ["^(a/|a/)b/", "a/b/"],
    ["^a/b|^a/c", ""],
    // What only looks like a prefix.
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

describe("G07 the prefix of a SPIFFE ID pattern", () => {
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

describe("G07 the prefixes of a request", () => {
  test("of a path: at most five", () => {
    expect(requestPrefixes("path", "a/b")).toEqual(["", "a/"]);
    expect(requestPrefixes("path", "a/b/c/d/e/f/")).toEqual(["", "a/", "a/b/", "a/b/c/", "a/b/c/d/"]);
    expect(requestPrefixes("path", "//a")).toEqual(["", "/", "//"]);
    expect(requestPrefixes("path", "a")).toEqual([""]);
    expect(requestPrefixes("path", "")).toEqual([""]);
  });

  test("of a SPIFFE ID: at most seven, so that namespaces of Kubernetes are told apart", () => {
    expect(requestPrefixes("spiffeId", "spiffe://td/ns/NS/sa/SA/x/y")).toEqual([
      "",
      "spiffe:/",
      "spiffe://",
      "spiffe://td/",
      "spiffe://td/ns/",
      "spiffe://td/ns/NS/",
      "spiffe://td/ns/NS/sa/",
    ]);
  });
});
