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

/** Where a rule applies: a route, and a body with the text in question in its place. */
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
  [`${METADATA}?action=get`, (path) => ({ path })],
];
/** Ours, and optional: an empty one is none. */
const PATHS_OF_LISTS: readonly Place[] = [
  [`${SECRETS}?action=list`, (prefix) => ({ prefix })],
  [`${SECRETS}?action=list`, (after) => ({ after })],
];
const PATH_PATTERNS: readonly Place[] = [[POLICY, (pathPattern) => ({ ...POLICY_OF, pathPattern })]];
const ID_PATTERNS: readonly Place[] = [[POLICY, (spiffeidPattern) => ({ ...POLICY_OF, spiffeidPattern })]];

const PATH_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/()?+*|[]{}\\";

const words = (text: string): readonly string[] => text.split(" ");

/** SPIKE's rules with their edges, on every route that has them (spike-sdk-go, `validation`). */
const TABLE: readonly {
  readonly rule: string;
  readonly places: readonly Place[];
  readonly taken: readonly string[];
  readonly refused: readonly string[];
}[] = [
  {
    rule: "R1 a name has 1 to 250 letters, digits, dashes, underscores and spaces",
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
    rule: "R2 a path has 1 to 500 characters of its alphabet, and they stay as they are",
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
  { rule: "R2 a path is not empty", places: PATHS, taken: [], refused: [""] },
  { rule: "R2 a list needs no path", places: PATHS_OF_LISTS, taken: [""], refused: [] },
  {
    rule: "R3 a path pattern has the characters of a path, ^ and $, and compiles within bounds",
    places: PATH_PATTERNS,
    // Of letters that no reserved path has: reaching one of those is another matter.
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
      // They reach a reserved path by the way.
      ...words("acl ^spike/ system/secret$ exec"),
    ],
  },
  {
    rule: "R4 a SPIFFE ID pattern is spiffe://, a trust domain and perhaps a path, and has 2048 characters at most",
    places: ID_PATTERNS,
    taken: [
      ...words("spiffe://d ^spiffe://d ^spiffe://d$ spiffe://d/.* ^spiffe://d/.*$ spiffe://.* spiffe://D.org/A"),
      ...words("spiffe://d/a spiffe://d//a spiffe://d/a//b/ spiffe://d/a_b/c-d.e spiffe://d/(?i)b spiffe://(a)/b"),
      ...words(r`spiffe://example\.org/[a-z]+/(b)?c* spiffe://\w+/\d spiffe://[ab]/c`),
      `^spiffe://${"[a-z]".repeat(400)}/a$`,
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

/** Any integer is taken, as Go reads one; what there can be no version of is 404. */
const INTEGERS = {
  taken: words("0 -0 1 -1 99 2147483648 9007199254740993 9223372036854775807 -9223372036854775808 null"),
  refused: words('1.0 1.5 1e0 1E2 -1.0 "1" "" true false [1] {} 9223372036854775808 -9223372036854775809 1e400'),
};

describe("what SPIKE refuses is refused with 400, and changes nothing:", () => {
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

  it("what was put under such names is found under them, and under no others", async () => {
    const paths = TABLE[1]!.taken;
    for (const path of paths) {
      expect((await service.post(SECRETS, { path, values: { path } })).status).toBe(200);
    }
    for (const path of paths) {
      expect((await service.post(`${SECRETS}?action=get`, { path })).body).toEqual({ data: { path } });
    }
  });

  it("permissions are some of five words, in lower case", async () => {
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

  it.each(["delete", "undelete"])("%s: versions are any integers, perhaps none", async (action) => {
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

  it("cas, which SPIKE has not, is an integer from 0 on", async () => {
    for (const [target, body] of [
      [SECRETS, '"path":"versions","values":{}'],
      [`${SECRETS}?action=delete`, '"path":"versions"'],
      [`${SECRETS}?action=undelete`, '"path":"versions"'],
      [POLICY, JSON.stringify(POLICY_OF).slice(1, -1)],
      [`${POLICY}?action=delete`, '"id":"p"'],
    ] as const) {
      for (const cas of [...INTEGERS.refused, "-1"]) await expectRefused(target, `{${body},"cas":${cas}}`, cas);
    }
  });

  it("values are any texts, or none, and come back as they were", async () => {
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
    expect((await service.post(SECRETS, { path: "v" })).status).toBe(200);
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

  it("R1 holds of 10 000 names of values at once, and a single wrong one refuses them all", async () => {
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

/** The rules as SPIKE has them, but R4: the original takes a backtracking engine for ever, and this is the same language. */
const R1 = /^[a-zA-Z0-9-_ ]+$/;
const R2 = /^[a-zA-Z0-9._\-/()?+*|[\]{}\\]+$/;
const R3 = /^[a-zA-Z0-9._\-/^$()?+*|[\]{}\\]+$/;
const R4 = /^\^?spiffe:\/\/[\\a-zA-Z0-9.\-*()+?[\]]+(\/[\\/a-zA-Z0-9._\-*()+?[\]]+)?\$?$/;
const R5 = /^spiffe:\/\/[a-zA-Z0-9.-]+(\/[a-zA-Z0-9._-]+)*$/;

const PRINTABLE = String.fromCharCode(...Array.from({ length: 95 }, (_, index) => 0x20 + index));

const characterOf = (text: string): fc.Arbitrary<string> => fc.constantFrom(...text.split(""));

/** Texts of a rule's own characters for the most part, with strangers now and then, and now and then at the edge of its length. */
function textOf(own: string, most: number): fc.Arbitrary<string> {
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
        .tuple(characterOf(own), fc.integer({ min: most - 3, max: most + 3 }))
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

describe("each validator takes of 20 000 texts those that SPIKE's own rule takes:", () => {
  it.each<readonly [string, fc.Arbitrary<string>, (text: string) => boolean, (text: string) => boolean]>([
    [
      "R1 names",
      NAME_TEXT,
      (text) => parsePolicyName(text) !== undefined,
      (text) => R1.test(text) && bytes(text) <= 250,
    ],
    [
      "R2 paths",
      PATH_TEXT,
      (text) => parseSecretPath(text) !== undefined,
      (text) => R2.test(text) && bytes(text) <= 500,
    ],
    [
      "R3 path patterns",
      PATTERN_TEXT,
      (text) => !outsideOf("path", text),
      (text) => R3.test(text) && bytes(text) <= 500,
    ],
    [
      "R4 SPIFFE ID patterns",
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

  it("R5 callers, and fewer: no upper case, no dots for a segment, no ID without a path", () => {
    const seen = { taken: 0, refused: 0 };
    for (const text of samples(CALLER_TEXT, 20_000)) {
      const id = parseSpiffeId(text);
      const taken = id !== undefined && isCallerId(id);
      seen[taken ? "taken" : "refused"] += 1;
      const [domain = "", ...segments] = text.slice("spiffe://".length).split("/");
      const stricter =
        /[A-Z]/.test(domain) || segments.length === 0 || segments.some((segment) => /^\.\.?$/.test(segment));
      // SPIFFE-ID has the scheme without regard to case; it comes back in lower case.
      const theirs = R5.test(text.replace(/^spiffe:/i, "spiffe:"));
      expect(taken, text).toBe(theirs && !stricter && text.length <= 2048);
      if (taken) expect(trustDomainOf(id) + pathOf(id)).toBe(text.slice("spiffe://".length));
    }
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(1000);
  });

  it("permissions, of all words near them", () => {
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

describe("each validator is linear in what it is given:", () => {
  const most = 100_000;
  /** Of three times: the machine may be busy with something else. */
  const fastest = (run: () => unknown): number => {
    const times = Array.from({ length: 3 }, () => {
      const began = performance.now();
      run();
      return performance.now() - began;
    });
    return Math.min(...times);
  };
  const hostile = (own: string) => [
    "a".repeat(most),
    `${"a".repeat(most)}!`,
    own.repeat(most / own.length),
    `${own.repeat(most / own.length)}\n`,
    "!".repeat(most),
  ];

  it.each<readonly [string, (text: string) => unknown, readonly string[]]>([
    ["R1 names", parsePolicyName, hostile("a -_")],
    ["R2 paths", parseSecretPath, hostile("/a.\\")],
    ["R3 path patterns", (text) => parsePattern("path", text), hostile("(a*)*")],
    [
      "R4 SPIFFE ID patterns",
      (text) => parsePattern("spiffeId", text),
      hostile("/a").flatMap((text) => [text, `spiffe://a${text}`, `^spiffe://${text}`]),
    ],
    ["R5 callers", (text) => parseSpiffeId(text), hostile("/a").flatMap((text) => [text, `spiffe://a${text}`])],
  ])("%s: 100 000 characters in no time", (_rule, parse, texts) => {
    for (const text of texts) expect(fastest(() => parse(text))).toBeLessThan(200);
  });

  it("R4 of 2048 characters too, which is as far as the length lets it come", () => {
    for (const rest of ["/a".repeat(1018), "a".repeat(2036), "/".repeat(2036), "[a]/".repeat(509)]) {
      for (const end of ["!", "$$", "|"]) {
        const text = `spiffe://a${rest}${end}`;
        expect(outsideOf("spiffeId", text)).toBe(true);
        expect(fastest(() => outsideOf("spiffeId", text))).toBeLessThan(200);
      }
    }
  });
});
