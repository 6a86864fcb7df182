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

describe("ordinary patterns earn no warning:", () => {
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

describe("a pattern that is found anywhere earns one:", () => {
  test.each(["secrets/db", "a$", "^a|b", "(^a)?b", String.raw`\bdb`, "a*", "(?m)^a", "$"])("path %s", (path) => {
    expect(ofPath(path)).toEqual([`The path pattern "${path}" is found anywhere in a path: begin it with ^.`]);
  });

  test("SPIFFE ID", () => {
    expect(ofId(String.raw`spiffe://example\.org/app$`)).toEqual([
      String.raw`The SPIFFE ID pattern "spiffe://example\.org/app$" is found anywhere in a SPIFFE ID: begin it with ^.`,
    ]);
  });
});

describe("a SPIFFE ID pattern that may end within a name earns one:", () => {
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
      `The SPIFFE ID pattern "${id}" may end within a name: end it with $, or admit longer ones.`,
    ]);
  });
});

describe("a dot that shortens the prefix earns one:", () => {
  test.each([
    ["^acme.corp/db", "acme.corp/"],
    ["^a/b.c/d.e/f", "a/b.c/d.e/"],
    ["^a/./b/", "a/./b/"],
    ["(?s)^a.b/", "a.b/"],
  ])("path %s", (path, meant) => {
    expect(ofPath(path)).toEqual([expect.stringContaining(`not confined to "${meant}"`)]);
  });

  test("SPIFFE ID", () => {
    expect(ofId("^spiffe://example.org/app$")).toEqual([
      'A dot in the SPIFFE ID pattern "^spiffe://example.org/app$" stands for any character, so that it is not confined ' +
        String.raw`to "spiffe://example.org/": write \. for a dot.`,
    ]);
  });
});

test("warnings add up, those on the SPIFFE ID first", () => {
  const warnings = patternWarnings(pattern("spiffeId", "spiffe://example.org/app"), pattern("path", "db"));
  expect(warnings.map((warning) => warning.slice(0, 21))).toEqual([
    "The SPIFFE ID pattern",
    "The SPIFFE ID pattern",
    'The path pattern "db"',
  ]);
});
