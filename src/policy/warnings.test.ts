import { describe, expect, test } from "vitest";
import type { PatternSide } from "./literal-prefix.ts";
import { parsePattern, type Pattern } from "./pattern.ts";
import { patternWarnings } from "./warnings.ts";

const QUIET_ID = String.raw`^spiffe://example\.org/app$`;
const QUIET_PATH = "^tenants/acme/";

function pattern(side: PatternSide, text: string): Pattern {
  const parsed = parsePattern(side, text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.detail}`);
  return parsed.pattern;
}

const ofPath = (path: string) => patternWarnings(pattern("spiffeId", QUIET_ID), pattern("path", path));
const ofId = (id: string) => patternWarnings(pattern("spiffeId", id), pattern("path", QUIET_PATH));

describe("ordinary patterns give no warning", () => {
  test.each([
    QUIET_PATH,
    "^tenants/acme/db$",
    "^tenants/acme/.*$",
    "^a/.+/b$",
    "^a/|^b/",
    "^(a|b)/c",
    String.raw`\Aa/`,
    String.raw`^a\.b/c`,
    "^a[.]b/c",
    String.raw`^\Qa.b/\Ec`,
    ".*",
    ".*/db$",
  ])("path %s", (path) => {
    expect(ofPath(path)).toEqual([]);
  });

  test.each([
    QUIET_ID,
    String.raw`^spiffe://example\.org/ns/prod/`,
    String.raw`^spiffe://example\.org/.*$`,
    String.raw`^spiffe://example\.org/.*`,
    String.raw`^spiffe://example\.org/ns/prod/sa/[a-z]+$`,
    String.raw`^spiffe://example\.org/app\z`,
    String.raw`^spiffe://example\.org/app-?.*`,
  ])("SPIFFE ID %s", (id) => {
    expect(ofId(id)).toEqual([]);
  });
});

describe("a pattern without an anchor at its start gives a warning", () => {
  test.each(["secrets/db", "a$", "^a|b", "(^a)?b", String.raw`\bdb`, "a*", "(?m)^a", "$"])("path %s", (path) => {
    expect(ofPath(path)).toEqual([`The path pattern "${path}" matches anywhere in a path: begin the pattern with ^.`]);
  });

  test("SPIFFE ID", () => {
    expect(ofId(String.raw`spiffe://example\.org/app$`)).toEqual([
      String.raw`The SPIFFE ID pattern "spiffe://example\.org/app$" matches anywhere in a SPIFFE ID: begin the pattern with ^.`,
    ]);
  });
});

describe("a SPIFFE ID pattern that ends within a name gives a warning", () => {
  test.each([
    String.raw`^spiffe://example\.org/admin`,
    String.raw`^spiffe://example\.org`,
    String.raw`^spiffe://example\.org/admin/?`,
    String.raw`^spiffe://example\.org/[a-z]+`,
    String.raw`^spiffe://example\.org/admin\.*`,
    String.raw`^spiffe://example\.org/admin\$`,
    String.raw`^spiffe://example\.org/(.*/)?admin\b`,
  ])("%s", (id) => {
    expect(ofId(id)).toEqual([
      `The SPIFFE ID pattern "${id}" also matches longer IDs, for example with "-attacker" appended: end the pattern with $.`,
    ]);
  });
});

describe("a dot that shortens the literal prefix gives a warning", () => {
  test.each([
    ["^acme.corp/db", "acme.corp/"],
    ["^a/b.c/d.e/f", "a/b.c/d.e/"],
    ["^a/./b/", "a/./b/"],
    ["(?s)^a.b/", "a.b/"],
  ])("path %s", (path, intended) => {
    expect(ofPath(path)).toEqual([expect.stringContaining(`not limited to "${intended}"`)]);
  });

  test("SPIFFE ID", () => {
    expect(ofId("^spiffe://example.org/app$")).toEqual([
      'A dot in the SPIFFE ID pattern "^spiffe://example.org/app$" matches any character, so the pattern is not limited ' +
        String.raw`to "spiffe://example.org/": write \. for a literal dot.`,
    ]);
  });
});

test("returns all warnings, those on the SPIFFE ID pattern first", () => {
  const warnings = patternWarnings(pattern("spiffeId", "spiffe://example.org/app"), pattern("path", "db"));
  expect(warnings.map((warning) => warning.slice(0, 21))).toEqual([
    "The SPIFFE ID pattern",
    "The SPIFFE ID pattern",
    'The path pattern "db"',
  ]);
});
