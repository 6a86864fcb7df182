import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { isCallerId, parseSpiffeId, pathOf, trustDomainOf } from "../src/identity/spiffe-id.ts";
import { parsePattern } from "../src/policy/pattern.ts";
import { parsePermissions } from "../src/policy/permission.ts";
import { parsePolicyName } from "../src/policy/policy-name.ts";
import { parseSecretPath } from "../src/secret/secret-path.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const METADATA = "/v1/store/secrets/metadata";
const POLICY = "/v1/acl/policy";
const r = String.raw;

/** Where a rule applies: an operation, and a body that contains the text in question. */
type Place = readonly [target: string, body: (text: string) => object];

const POLICY_OF = { name: "p", spiffeidPattern: "^spiffe://d/a$", pathPattern: "^a/", permissions: ["read"] };

const NAMES: readonly Place[] = [
  [SECRETS, (key) => ({ path: "n", values: Object.fromEntries([[key, "v"]]) })],
  [POLICY, (name) => ({ ...POLICY_OF, name })],
  [`${POLICY}?action=get`, (id) => ({ id })],
  [`${POLICY}?action=delete`, (id) => ({ id })],
];
const PATHS: readonly Place[] = [
  [SECRETS, (path) => ({ path, values: {} })],
  [`${SECRETS}?action=get`, (path) => ({ path })],
  [`${SECRETS}?action=delete`, (path) => ({ path })],
  [`${SECRETS}?action=undelete`, (path) => ({ path })],
  [`${SECRETS}?action=remove`, (path) => ({ path })],
  [`${METADATA}?action=get`, (path) => ({ path })],
];
/** Not in SPIKE, and optional: empty means absent. */
const PATHS_OF_LISTS: readonly Place[] = [
  [`${SECRETS}?action=list`, (prefix) => ({ prefix })],
  [`${SECRETS}?action=list`, (after) => ({ after })],
];
const PATH_PATTERNS: readonly Place[] = [[POLICY, (pathPattern) => ({ ...POLICY_OF, pathPattern })]];
const ID_PATTERNS: readonly Place[] = [[POLICY, (spiffeidPattern) => ({ ...POLICY_OF, spiffeidPattern })]];

const PATH_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/()?+*|[]{}\\";

const words = (text: string): readonly string[] => text.split(" ");

/** SPIKE's rules with their edge cases, for every operation that has them (spike-sdk-go, `validation`). */
const TABLE: readonly {
  readonly rule: string;
  readonly places: readonly Place[];
  readonly taken: readonly string[];
  readonly refused: readonly string[];
}[] = [
  {
    rule: "a name has 1 to 250 letters, digits, dashes, underscores and spaces (R1)",
    places: NAMES,
    taken: [
      ...words("a Z 0 - _ constructor"),
      " ",
      " ".repeat(250),
      "x".repeat(250),
      "my policy-1_B",
      " lead",
      "trail ",
    ],
    refused: [
      "",
      "x".repeat(251),
      "é".repeat(125),
      ...words("a.b a/b a:b ä a^ {} a%20b a\n \na a\tb a\u0000 a\u00A0b"),
    ],
  },
  {
    rule: "a path has 1 to 500 characters of its alphabet, and is not normalized (R2)",
    places: [...PATHS, ...PATHS_OF_LISTS],
    taken: [
      "x".repeat(500),
      PATH_CHARACTERS,
      ...words(r`a / /a a/ // a//b . .. ../.. a/./b \ a\b [ ]( { * ? + | app|config app/{id} app/(a)[b]{c} __proto__`),
      ...words("spike/system/acl spike/system/secret spike/system/cipher/exec"),
    ],
    refused: [
      "x".repeat(501),
      `${"x".repeat(498)}é`,
      " ",
      "a b",
      " a",
      "a ",
      ...words("a\n \ta a\u0000 ä \u212A \uFEFFa a^ a$ ^a$"),
      ..."@#%&=:;,<>~!'\"`".split("").flatMap((character) => [character, `a${character}b`]),
    ],
  },
  { rule: "a path is not empty (R2)", places: PATHS, taken: [], refused: [""] },
  { rule: "a list needs no path (R2)", places: PATHS_OF_LISTS, taken: [""], refused: [] },
  {
    rule: "a path pattern has the characters of a path, ^ and $, and compiles within limits (R3)",
    places: PATH_PATTERNS,
    // Without letters of the reserved paths, which other rules protect.
    taken: [
      "x".repeat(500),
      ...words("b ^b$ ^tenants/acme/ secrets/db b|d app/{id} b{5} b{0}d b{100} b{ b} { b{d} b/./d b/.* ^$ $^ b*?d b+?"),
      ...words(r`(?i)bd ^(?i)b(?-i)d$ (?s)b. (?m)^b (?U)b+ b() (b)(d) [bd]+ []b] b[^a]`),
      ...words(r`b\d\w\s\b \Ab\z \Qb.d\E b\pL b\p{Greek} \x62 b\.d b\\`),
    ],
    refused: [
      "",
      "x".repeat(501),
      "a b",
      " ",
      ...words("ä a\n a\u0000 a:b a,b a=b a!b a<b a% a# a'"),
      ...words("(?:a) a{1,3} a{1,} [[:alpha:]] (?P<n>a) (?<n>a) (?=a) (?!a) (?<=a) (?#a)"),
      ...words(r`( ) (a a) [ [a [] * +a ? a** a{2}{2} [b-a] a\ \Z (a)\1 \C \p{Klingon} (?x)a`),
      ...words("a{101} a{1000} a{1001} (a{50}){50} (a?){100}(a){100} ((a{10}){10}){10}"),
      // These match a reserved path.
      ...words("acl ^spike/ system/secret$ exec"),
    ],
  },
  {
    rule: "a SPIFFE ID pattern is spiffe://, a trust domain and an optional path, of at most 2048 characters (R4)",
    places: ID_PATTERNS,
    taken: [
      ...words("spiffe://d ^spiffe://d ^spiffe://d$ spiffe://d/.* ^spiffe://d/.*$ spiffe://.* spiffe://D.org/A"),
      ...words("spiffe://d/a spiffe://d//a spiffe://d/a//b/ spiffe://d/a_b/c-d.e spiffe://d/(?i)b spiffe://(a)/b"),
      ...words(r`spiffe://example\.org/[a-z]+/(b)?c* spiffe://\w+/\d spiffe://[ab]/c`),
      `^spiffe://[${"a-z".repeat(600)}]/a$`,
      `spiffe://a/${"b".repeat(480)}`,
    ],
    refused: [
      "",
      `^spiffe://d/${"a?".repeat(1020)}$`,
      `spiffe://${"a".repeat(2040)}`,
      " spiffe://a/b",
      "spiffe://a/b c",
      "spiffe://a/b ",
      ...words(".* * ^.*$ d/a http://d/a SPIFFE://d/a (?i)spiffe://a/b spiffe:/a/b spiffe//a/b ^^spiffe://a/b"),
      ...words(
        "spiffe:// spiffe:/// spiffe:///x spiffe://d/ ^spiffe://d/$ spiffe://a_b/c spiffe://a:80/b spiffe://u@a/b",
      ),
      ...words(
        "spiffe://a|b spiffe://a/b|c spiffe://a{2}/b spiffe://a/b{2} spiffe://a/^b spiffe://a$/b spiffe://a/b$$",
      ),
      ...words("spiffe://a/b\n spiffe://a/ä spiffe://a/b?x=1 spiffe://a/b#c spiffe://a/b%20"),
      ...words(r`spiffe://a/( spiffe://a/[ spiffe://a/b** spiffe://a/(b)\1 spiffe://a/b\ `).slice(0, -1),
    ],
  },
];

const PERMISSIONS: { readonly taken: readonly (readonly string[])[]; readonly refused: readonly unknown[] } = {
  taken: [...words("read write list execute super").map((word) => [word]), words("read write list execute super read")],
  refused: [
    ...words("READ Read delete admin * read,write").map((word) => [word]),
    [" read"],
    ["read "],
    [""],
    [null],
    ["read", "x"],
    [1],
    [["read"]],
    [],
    null,
    undefined,
    "read",
    {},
  ],
};

/** Any int64 is accepted, as in Go. A number that no version can have is 404. */
const INTEGERS = {
  taken: words("0 -0 1 -1 99 2147483648 9007199254740993 9223372036854775807 -9223372036854775808 null"),
  refused: words('1.0 1.5 1e0 1E2 -1.0 "1" "" true false [1] {} 9223372036854775808 -9223372036854775809 1e400'),
};

describe("a request that SPIKE rejects is rejected with 400, and changes nothing:", () => {
  let store: Store;
  let service: TestService;
  beforeAll(async () => {
    store = memoryStore({ storeId: "s", now: Date.now });
    service = await testService(store, { maxBodyBytes: 4 * 1024 * 1024 });
    await service.post(SECRETS, { path: "versions", values: {} });
  });

  const revision = async () => (await store.load({}, new AbortController().signal)).store.revision;

  async function expectTaken(target: string, body: object | string, what: string): Promise<void> {
    expect((await service.post(target, body)).status, `${target} ${what}`).toBeOneOf([200, 404]);
  }

  async function expectRefused(target: string, body: object | string, what: string): Promise<void> {
    const before = await revision();
    const answer = await service.post(target, body);
    expect([answer.status, answer.body["err"]], `${target} ${what}`).toEqual([400, "api_bad_request"]);
    expect(await revision(), `${target} ${what}`).toBe(before);
  }

  describe.each(TABLE)("$rule", ({ places, taken, refused }) => {
    it.each(places)("%s", async (target, bodyOf) => {
      for (const text of taken) await expectTaken(target, bodyOf(text), JSON.stringify(text));
      for (const text of refused) await expectRefused(target, bodyOf(text), JSON.stringify(text));
    });
  });

  it("a secret is found under the exact path that it was put under", async () => {
    const paths = TABLE[1]!.taken;
    for (const path of paths) {
      expect((await service.post(SECRETS, { path, values: { path } })).status).toBe(200);
    }
    for (const path of paths) {
      expect((await service.post(`${SECRETS}?action=get`, { path })).body).toEqual({ data: { path } });
    }
  });

  it("permissions are one or more of five words in lower case", async () => {
    for (const permissions of PERMISSIONS.taken)
      await expectTaken(POLICY, { ...POLICY_OF, permissions }, JSON.stringify(permissions));
    for (const permissions of PERMISSIONS.refused)
      await expectRefused(POLICY, { ...POLICY_OF, permissions }, JSON.stringify(permissions));
  });

  it.each([`${SECRETS}?action=get`, `${METADATA}?action=get`])("%s: a version is any integer", async (target) => {
    for (const version of INTEGERS.taken) {
      const { status } = await service.post(target, `{"path":"versions","version":${version}}`);
      expect(status, version).toBe(["0", "-0", "1", "null"].includes(version) ? 200 : 404);
    }
    for (const version of INTEGERS.refused)
      await expectRefused(target, `{"path":"versions","version":${version}}`, version);
  });

  it.each(["delete", "undelete"])("%s: versions are a list of integers, which may be empty", async (action) => {
    const target = `${SECRETS}?action=${action}`;
    for (const version of INTEGERS.taken)
      await expectTaken(target, `{"path":"versions","versions":[${version}]}`, version);
    for (const versions of ["[]", "null", "[1,1,1]", "[-1,0,99]"])
      await expectTaken(target, `{"path":"versions","versions":${versions}}`, versions);
    for (const version of INTEGERS.refused)
      await expectRefused(target, `{"path":"versions","versions":[1,${version}]}`, version);
    for (const versions of ["1", '"1"', "{}", "true", "[[1]]"])
      await expectRefused(target, `{"path":"versions","versions":${versions}}`, versions);
  });

  it("cas, which SPIKE does not have, is an integer of at least 0", async () => {
    for (const [target, body] of [
      [SECRETS, '"path":"versions","values":{}'],
      [`${SECRETS}?action=delete`, '"path":"versions"'],
      [`${SECRETS}?action=undelete`, '"path":"versions"'],
      [`${SECRETS}?action=remove`, '"path":"versions"'],
      [POLICY, JSON.stringify(POLICY_OF).slice(1, -1)],
      [`${POLICY}?action=delete`, '"id":"p"'],
    ] as const) {
      for (const cas of [...INTEGERS.refused, "-1"]) await expectRefused(target, `{${body},"cas":${cas}}`, cas);
    }
  });

  it("values are strings, and are returned as they were put", async () => {
    const put = async (values: string) => await service.post(SECRETS, `{"path":"v","values":${values}}`);
    const texts = [
      "",
      " ",
      "\u0000\u0001\n\r\t",
      "é\u{1F600}\u2028",
      '"\\/',
      "{}",
      "null",
      "^$&<>",
      "x".repeat(100_000),
    ];
    for (const text of [...texts.map((text) => JSON.stringify(text)), r`"\ud800"`, r`"\u00e9\/"`]) {
      expect((await put(`{"k":${text}}`)).status).toBe(200);
      expect((await service.post(`${SECRETS}?action=get`, { path: "v" })).text).toBe(`{"data":{"k":${text}}}`);
    }
    for (const none of ["{}", "null"]) {
      expect((await put(none)).status).toBe(200);
      expect((await service.post(`${SECRETS}?action=get`, { path: "v" })).text).toBe('{"data":{}}');
    }
    // SPIKE reads an absent member as {}. Its clients always send it.
    await expectRefused(SECRETS, { path: "v" }, "absent");
    for (const values of [
      "1",
      '"k"',
      "[]",
      '[{"k":"v"}]',
      "true",
      '{"k":1}',
      '{"k":true}',
      '{"k":[]}',
      '{"k":{}}',
      '{"k":"a","l":0}',
    ]) {
      await expectRefused(SECRETS, `{"path":"v","values":${values}}`, values);
    }
  });

  it("10 000 value names are accepted at once, and one invalid name rejects the request (R1)", async () => {
    const names = [...new Set(samples(NAME_TEXT, 20_000).filter((name) => R1.test(name) && name.length <= 250))].slice(
      0,
      10_000,
    );
    expect(names.length).toBeGreaterThan(3000);
    const values = (list: readonly string[]) => Object.fromEntries(list.map((name) => [name, "v"]));
    expect((await service.post(SECRETS, { path: "names", values: values(names) })).status).toBe(200);
    const wrong = samples(NAME_TEXT, 2000).filter((name) => !R1.test(name));
    expect(wrong.length).toBeGreaterThan(100);
    for (const name of wrong.slice(0, 100)) {
      await expectRefused(
        SECRETS,
        { path: "names", values: values([...names.slice(0, 3), name]) },
        JSON.stringify(name),
      );
    }
  });
});

/** SPIKE's own rules. R4 is an equivalent expression: the original backtracks without end in JavaScript. */
const R1 = /^[a-zA-Z0-9-_ ]+$/;
const R2 = /^[a-zA-Z0-9._\-/()?+*|[\]{}\\]+$/;
const R3 = /^[a-zA-Z0-9._\-/^$()?+*|[\]{}\\]+$/;
const R4 = /^\^?spiffe:\/\/[\\a-zA-Z0-9.\-*()+?[\]]+(\/[\\/a-zA-Z0-9._\-*()+?[\]]+)?\$?$/;
const R5 = /^spiffe:\/\/[a-zA-Z0-9.-]+(\/[a-zA-Z0-9._-]+)*$/;

const PRINTABLE = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 0x20 + index));

const characterOf = (text: string): fc.Arbitrary<string> => fc.constantFrom(...text.split(""));

/** Texts that mostly have a rule's own characters, sometimes others, and sometimes about `max` characters. */
function textOf(own: string, max: number): fc.Arbitrary<string> {
  const character = fc.oneof(
    { weight: 60, arbitrary: characterOf(own) },
    { weight: 1, arbitrary: characterOf(`${PRINTABLE}\n\r\t\u0000\u00A0é\u017F\u212A\u2028\uFEFF`) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", minLength: 1, maxLength: 1 }) },
  );
  return fc.oneof(
    { weight: 30, arbitrary: fc.string({ unit: character, maxLength: 24 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(characterOf(own), fc.integer({ min: max - 3, max: max + 3 }))
        .map(([one, length]) => one.repeat(length)),
    },
  );
}

const NAME_TEXT = textOf("abcXYZ019-_ ", 250);
const PATH_TEXT = textOf(PATH_CHARACTERS, 500);
const PATTERN_TEXT = textOf(`${PATH_CHARACTERS}^$`, 500);
const ID_TEXT = fc
  .tuple(
    fc.constantFrom("", "^", "^^", "(", " "),
    fc.constantFrom("spiffe://", "spiffe://", "spiffe://", "spiffe://", "spiffe:/", "http://", "SPIFFE://"),
    fc.oneof({ weight: 8, arbitrary: textOf("abZ09.-*()+?[]\\", 40) }, fc.constant("")),
    fc.oneof(
      fc.constant(""),
      textOf("abZ09.-*()+?[]\\/_", 40).map((text) => `/${text}`),
    ),
    fc.constantFrom("", "", "$", "$$", "\n"),
  )
  .map((parts) => parts.join(""));
const CALLER_TEXT = fc
  .tuple(
    fc.constantFrom("spiffe://", "spiffe://", "spiffe://", "SPIFFE://", "spiffe:/"),
    textOf("ab09.-", 30),
    fc
      .array(fc.oneof(textOf("abZ09._-", 30), fc.constantFrom("", ".", "..")), { maxLength: 3 })
      .map((list) => list.map((segment) => `/${segment}`).join("")),
  )
  .map((parts) => parts.join(""));

function samples(text: fc.Arbitrary<string>, count: number): readonly string[] {
  return fc.sample(text, { numRuns: count, seed: 20_261_126 });
}

const bytes = (text: string): number => Buffer.byteLength(text);
const outsideOf = (side: "path" | "spiffeId", text: string): boolean => {
  const parsed = parsePattern(side, text);
  return !parsed.ok && ["empty", "alphabet", "too_long"].includes(parsed.problem);
};

describe("each validator accepts the same of 20 000 texts as SPIKE's own rule:", () => {
  it.each<readonly [string, fc.Arbitrary<string>, (text: string) => boolean, (text: string) => boolean]>([
    [
      "names (R1)",
      NAME_TEXT,
      (text) => parsePolicyName(text) !== undefined,
      (text) => R1.test(text) && bytes(text) <= 250,
    ],
    [
      "paths (R2)",
      PATH_TEXT,
      (text) => parseSecretPath(text) !== undefined,
      (text) => R2.test(text) && bytes(text) <= 500,
    ],
    [
      "path patterns (R3)",
      PATTERN_TEXT,
      (text) => !outsideOf("path", text),
      (text) => R3.test(text) && bytes(text) <= 500,
    ],
    [
      "SPIFFE ID patterns (R4)",
      ID_TEXT,
      (text) => !outsideOf("spiffeId", text),
      (text) => R4.test(text) && bytes(text) <= 2048,
    ],
  ])("%s", (_rule, texts, ours, theirs) => {
    const seen = { taken: 0, refused: 0 };
    for (const text of samples(texts, 20_000)) {
      const taken = theirs(text);
      seen[taken ? "taken" : "refused"] += 1;
      expect(ours(text), JSON.stringify(text)).toBe(taken);
    }
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(1000);
  });

  it("callers, except upper-case domains, dot segments and IDs without a path (R5)", () => {
    const seen = { taken: 0, refused: 0 };
    for (const text of samples(CALLER_TEXT, 20_000)) {
      const id = parseSpiffeId(text);
      const taken = id !== undefined && isCallerId(id);
      seen[taken ? "taken" : "refused"] += 1;
      const [domain = "", ...segments] = text.slice("spiffe://".length).split("/");
      const stricter =
        /[A-Z]/.test(domain) || segments.length === 0 || segments.some((segment) => /^\.\.?$/.test(segment));
      // The scheme of a SPIFFE ID is case-insensitive, and is returned in lower case.
      const theirs = R5.test(text.replace(/^spiffe:/i, "spiffe:"));
      expect(taken, text).toBe(theirs && !stricter && text.length <= 2048);
      if (taken) expect(trustDomainOf(id) + pathOf(id)).toBe(text.slice("spiffe://".length));
    }
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(1000);
  });

  it("permissions, and no similar words", () => {
    const words = ["read", "write", "list", "execute", "super"];
    for (const word of words) {
      for (const near of [
        word.toUpperCase(),
        `${word} `,
        ` ${word}`,
        word.slice(1),
        `${word}s`,
        `${word}\u0000`,
        word.replace(/[a-z]/, "\uFF41"),
      ]) {
        expect(parsePermissions([near]), near).toBeUndefined();
      }
      expect(parsePermissions([word])).toEqual([word]);
    }
  });
});

describe("each validator takes linear time:", () => {
  const length = 100_000;
  /** The shortest of three runs, because the machine may be busy. */
  const fastest = (run: () => unknown): number => {
    const times = Array.from({ length: 3 }, () => {
      const began = performance.now();
      run();
      return performance.now() - began;
    });
    return Math.min(...times);
  };
  const hostile = (own: string) => [
    "a".repeat(length),
    `${"a".repeat(length)}!`,
    own.repeat(length / own.length),
    `${own.repeat(length / own.length)}\n`,
    "!".repeat(length),
  ];

  it.each<readonly [string, (text: string) => unknown, readonly string[]]>([
    ["names (R1)", parsePolicyName, hostile("a -_")],
    ["paths (R2)", parseSecretPath, hostile("/a.\\")],
    ["path patterns (R3)", (text) => parsePattern("path", text), hostile("(a*)*")],
    [
      "SPIFFE ID patterns (R4)",
      (text) => parsePattern("spiffeId", text),
      hostile("/a").flatMap((text) => [text, `spiffe://a${text}`, `^spiffe://${text}`]),
    ],
    ["callers (R5)", (text) => parseSpiffeId(text), hostile("/a").flatMap((text) => [text, `spiffe://a${text}`])],
  ])("%s: 100 000 characters in less than 200 ms", (_rule, parse, texts) => {
    for (const text of texts) expect(fastest(() => parse(text))).toBeLessThan(200);
  });

  it("SPIFFE ID patterns of the maximum length, 2048 characters (R4)", () => {
    for (const rest of ["/a".repeat(1018), "a".repeat(2036), "/".repeat(2036), "[a]/".repeat(509)]) {
      for (const end of ["!", "$$", "|"]) {
        const text = `spiffe://a${rest}${end}`;
        expect(outsideOf("spiffeId", text)).toBe(true);
        expect(fastest(() => outsideOf("spiffeId", text))).toBeLessThan(200);
      }
    }
  });
});
