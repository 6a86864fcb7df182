import { describe, expect, test } from "vitest";
import { readJwtSvidClaims } from "./jwt-svid-claims.ts";
import { json } from "./minting.fixture.ts";

const NOW = 1_800_000_000;
const OURS = "spike-nexus";
const SUB = "spiffe://example.org/web";
const GOOD = { sub: SUB, aud: OURS, exp: NOW + 300 };
const options = { audience: OURS, now: NOW * 1000 };

const read = (claims: unknown, more: object = {}) => readJwtSvidClaims(json(claims), { ...options, ...more });
const refused = (reason: string) => ({ ok: false, reason });

test("J19 sub, aud and exp are enough", () => {
  expect(read(GOOD)).toEqual({ ok: true, id: SUB, expiresAt: (NOW + 300) * 1000 });
});

test("other claims are ignored, an issuer among them", () => {
  expect(read({ ...GOOD, iss: "https://elsewhere", jti: 7, scope: { a: [] } }).ok).toBe(true);
});

describe("sub", () => {
  test("ID01 is given back in its one spelling", () => {
    expect(read({ ...GOOD, sub: "SPIFFE://example.org/web" })).toMatchObject({ ok: true, id: SUB });
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["the empty text", ""],
    ["a number", 7],
    ["a list", [SUB]],
    ["an object", { id: SUB }],
    ["a name", "web"],
    ["ID01 another scheme", "https://example.org/web"],
    ["ID05 a trust domain in upper case", "spiffe://Example.org/web"],
    ["ID09 a query", "spiffe://example.org/web?a"],
    ["ID13 a segment ..", "spiffe://example.org/../web"],
    ["ID14 a trailing slash", "spiffe://example.org/web/"],
    ["ID19 a trailing newline", "spiffe://example.org/web\n"],
    ["ID19 a leading space", " spiffe://example.org/web"],
  ])("J07 refuses: %s", (_case, sub) => {
    expect(read({ ...GOOD, sub })).toEqual(refused("subject"));
  });

  test("ID17 of 2048 bytes is read, of 2049 refused", () => {
    const longest = `spiffe://example.org/${"a".repeat(2048 - "spiffe://example.org/".length)}`;
    expect(read({ ...GOOD, sub: longest })).toMatchObject({ ok: true, id: longest });
    expect(read({ ...GOOD, sub: `${longest}a` })).toEqual(refused("subject"));
  });
});

describe("aud", () => {
  test.each([OURS, [OURS], ["other", OURS], [OURS, OURS]])("J09: %j is ours", (aud) => {
    expect(read({ ...GOOD, aud }).ok).toBe(true);
  });

  test.each([
    ["J08 nothing", undefined],
    ["J08 the empty text", ""],
    ["J08 the empty list", []],
    ["J08 a list of the empty text", [""]],
    ["T11 null", null],
    ["T11 a number", 7],
    ["T11 zero", 0],
    ["T11 true", true],
    ["T11 an object", {}],
    ["T11 an object like a list", { 0: OURS, length: 1 }],
    ["T11 an object with our name", { [OURS]: true }],
    ["T11 a nested list", [[OURS]]],
    ["T11 ours, and a nested list", [OURS, [OURS]]],
    ["T11 ours, and the empty text", [OURS, ""]],
    ["T11 ours, and a number", [OURS, 7]],
    ["T11 ours, and null", [OURS, null]],
    ["T11 a list of null", [null]],
  ])("is malformed: %s", (_case, aud) => {
    expect(read({ ...GOOD, aud })).toEqual(refused("audience-malformed"));
  });

  test.each([
    ["T25 another service", "other"],
    ["T25 a list of other services", ["other", "vault"]],
    ["T11 another case", "SPIKE-NEXUS"],
    ["T11 one letter in another case", "Spike-nexus"],
    ["T11 a trailing slash", "spike-nexus/"],
    ["T11 a prefix of ours", "spike-nexu"],
    ["T11 ours and more", "spike-nexus2"],
    ["T11 ours as the first of several words", "spike-nexus other"],
    ["T11 ours as one of several, joined by a comma", "other,spike-nexus"],
    ["T11 a leading space", " spike-nexus"],
    ["T11 a trailing newline", "spike-nexus\n"],
    ["T11 a NUL behind it", "spike-nexus\0"],
    ["T11 a wildcard", "*"],
    ["T11 a pattern that fits ours", "spike-.*"],
    ["T11 a URL with our name", "https://spike-nexus"],
    ["T11 a Cyrillic і", "spіke-nexus"],
    ["T11 wide letters", "ｓpike-nexus"],
    ["T11 another hyphen", "spike‐nexus"],
    ["T11 a zero-width space", "spike-\u200Bnexus"],
  ])("J09 is another: %s", (_case, aud) => {
    expect(read({ ...GOOD, aud })).toEqual(refused("audience-other"));
    expect(read({ ...GOOD, aud: [aud].flat() })).toEqual(refused("audience-other"));
  });

  test("T11 is compared by its code units, not by what they look like", () => {
    const [composed, decomposed] = ["caf\u00E9", "cafe\u0301"];
    expect(read({ ...GOOD, aud: composed }, { audience: composed }).ok).toBe(true);
    expect(read({ ...GOOD, aud: decomposed }, { audience: composed })).toEqual(refused("audience-other"));
  });

  test.each([
    ["ours alone", OURS, true],
    ["a list of ours alone", [OURS], true],
    ["ours twice", [OURS, OURS], true],
    ["ours first", [OURS, "other"], false],
    ["ours last", ["other", OURS], false],
    ["ours in another case beside it", [OURS, "Spike-Nexus"], false],
  ])("J18 of several audiences: %s", (_case, aud, alone) => {
    expect(read({ ...GOOD, aud }).ok).toBe(true);
    expect(read({ ...GOOD, aud }, { severalAudiences: "accept" }).ok).toBe(true);
    const strict = read({ ...GOOD, aud }, { severalAudiences: "refuse" });
    expect(strict).toEqual(alone ? read({ ...GOOD, aud }) : refused("audience-several"));
  });

  test("J18 several audiences without ours are others', whatever is set", () => {
    expect(read({ ...GOOD, aud: ["a", "b"] }, { severalAudiences: "refuse" })).toEqual(refused("audience-other"));
  });

  test("T11 an audience left empty by configuration admits nobody", () => {
    expect(read({ ...GOOD, aud: "" }, { audience: "" }).ok).toBe(false);
    expect(read({ ...GOOD, aud: [""] }, { audience: "" }).ok).toBe(false);
  });
});

describe("exp", () => {
  test.each([
    ["J10 nothing", undefined],
    ["T12 null", null],
    ["T12 a text of digits", "1800000300"],
    ["T12 the empty text", ""],
    ["T12 the text NaN", "NaN"],
    ["T12 a date as text", "2027-01-15T08:05:00Z"],
    ["T12 true", true],
    ["T12 a list", [NOW + 300]],
    ["T12 an object", {}],
    ["T12 a negative number", -1],
    ["T12 a negative fraction", -0.5],
  ])("J10 is malformed: %s", (_case, exp) => {
    expect(read({ ...GOOD, exp })).toEqual(refused("expiry-malformed"));
  });

  test.each([
    ["infinity, to a parser", "1e309"],
    ["minus infinity, to a parser", "-1e309"],
    ["milliseconds", "1800000300000"],
    ["more than a double holds", "100000000000000000000"],
    ["the year 10000", "253402300800"],
  ])("T12 the literal of %s is malformed", (_case, exp) => {
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":${exp}}`)).toEqual(refused("expiry-malformed"));
  });

  test.each(["NaN", "Infinity", "-Infinity", "0x7fffffff", "1_800_000_300", "+1800000300", "1800000300.", "01"])(
    "T12 the literal %s is no JSON",
    (exp) => {
      expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":${exp}}`)).toEqual(refused("claims-not-json"));
    },
  );

  test("T12 an exponent and a minus zero are numbers", () => {
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":1.8000003e9}`)).toMatchObject({ expiresAt: 1_800_000_300_000 });
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":-0}`)).toEqual(refused("expired"));
  });

  test("T12 a fraction counts", () => {
    expect(read({ ...GOOD, exp: NOW + 0.5 }, { leewaySeconds: 0 })).toMatchObject({ expiresAt: NOW * 1000 + 500 });
    expect(read({ ...GOOD, exp: NOW + 0.5 }, { leewaySeconds: 0, now: NOW * 1000 + 500 }).ok).toBe(false);
  });

  test.each([
    ["30 by default", undefined, 30],
    ["what is set", 10, 10],
    ["none", 0, 0],
    ["60 at most", 3600, 60],
  ])("J11 leeway: %s, tested at the edge second", (_case, leewaySeconds, effective) => {
    const leeway = leewaySeconds === undefined ? {} : { leewaySeconds };
    expect(read({ ...GOOD, exp: NOW - effective + 1 }, leeway).ok).toBe(true);
    expect(read({ ...GOOD, exp: NOW - effective + 0.001 }, leeway).ok).toBe(true);
    expect(read({ ...GOOD, exp: NOW - effective }, leeway)).toEqual(refused("expired"));
  });
});

describe("nbf and iat", () => {
  test.each([
    ["nbf", "not-before-malformed"],
    ["iat", "issued-at-malformed"],
  ])("J17: %s that is no date is malformed", (name, reason) => {
    for (const value of [null, "1", true, [], {}, -1]) {
      expect(read({ ...GOOD, [name]: value })).toEqual(refused(reason));
    }
  });

  test.each([
    ["nbf", "not-yet-valid"],
    ["iat", "issued-in-future"],
  ])("J17, T13: %s in the future beyond the leeway is refused", (name, reason) => {
    expect(read({ ...GOOD, [name]: NOW }).ok).toBe(true);
    expect(read({ ...GOOD, [name]: NOW + 30 }).ok).toBe(true);
    expect(read({ ...GOOD, [name]: NOW + 31 })).toEqual(refused(reason));
    expect(read({ ...GOOD, [name]: NOW + 1 }, { leewaySeconds: 0 })).toEqual(refused(reason));
  });

  test("J17, T13 a fraction of a second counts", () => {
    expect(read({ ...GOOD, nbf: NOW + 0.5 }, { leewaySeconds: 0 })).toEqual(refused("not-yet-valid"));
    expect(read({ ...GOOD, nbf: NOW + 0.5 }, { leewaySeconds: 0, now: NOW * 1000 + 500 }).ok).toBe(true);
  });

  test("T13 an expiry before the beginning is refused, within the leeway too", () => {
    expect(read({ ...GOOD, exp: NOW + 1, nbf: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 1, iat: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 1, nbf: NOW + 1 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 2, nbf: NOW + 1, iat: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 2, nbf: NOW + 1, iat: NOW + 1 }).ok).toBe(true);
  });
});

describe("T14 the cap on the lifetime", () => {
  const cap = { maxLifetimeSeconds: 600 };

  test.each([
    ["counts from iat", { iat: NOW - 100, exp: NOW + 500 }, { iat: NOW - 100, exp: NOW + 501 }],
    ["counts from now without iat", { exp: NOW + 600 }, { exp: NOW + 601 }],
    ["can't be escaped by a later iat", { iat: NOW, exp: NOW + 600 }, { iat: NOW + 500, exp: NOW + 1100 }],
  ])("%s", (_case, within, beyond) => {
    expect(read({ ...GOOD, ...within }, cap).ok).toBe(true);
    expect(read({ ...GOOD, ...beyond }, cap).ok).toBe(false);
  });

  test("has its own reason, and is off unless set", () => {
    expect(read({ ...GOOD, exp: NOW + 601 }, cap)).toEqual(refused("lifetime"));
    expect(read({ ...GOOD, exp: NOW + 10 ** 9 }).ok).toBe(true);
  });
});

describe("T28 the clock", () => {
  test.each(["leewaySeconds", "maxLifetimeSeconds"])("of a %s of NaN refuses every token", (name) => {
    expect(read({ ...GOOD, iat: NOW, nbf: NOW }, { [name]: Number.NaN }).ok).toBe(false);
  });

  test.each([Number.NaN, 0, -0, -1, -Infinity, Infinity])("that shows %s refuses every token", (now) => {
    expect(read(GOOD, { now })).toEqual(refused("clock"));
    expect(read({ ...GOOD, iat: 0, nbf: 0 }, { now })).toEqual(refused("clock"));
  });

  test("that runs ahead by the leeway, and no more, still takes what is good", () => {
    const ends = { ...GOOD, exp: NOW + 1 };
    expect(read(ends, { now: (NOW + 30) * 1000 }).ok).toBe(true);
    expect(read(ends, { now: (NOW + 31) * 1000 })).toEqual(refused("expired"));
  });

  test("that is behind by the leeway, and no more, still takes what is good", () => {
    const begins = { ...GOOD, nbf: NOW, iat: NOW };
    expect(read(begins, { now: (NOW - 30) * 1000 }).ok).toBe(true);
    expect(read(begins, { now: (NOW - 31) * 1000 })).toEqual(refused("not-yet-valid"));
  });
});

describe("T10 duplicate members", () => {
  const rest = JSON.stringify({ ...GOOD, nbf: NOW, iat: NOW, jti: "1" }).slice(1, -1);

  test.each([
    ["sub", '"sub":"spiffe://example.org/admin"'],
    ["sub, of null", '"sub":null'],
    ["sub, the same again", `"sub":"${SUB}"`],
    ["aud", '"aud":"other"'],
    ["aud, escaped", String.raw`"\u0061ud":"other"`],
    ["exp", '"exp":1'],
    ["nbf", '"nbf":253402300799'],
    ["iat", '"iat":253402300799'],
    ["a claim that we do not look at", '"jti":"2"'],
  ])("%s, whether the good one is the last or the first", (_case, twin) => {
    expect(read(`{${rest}}`).ok).toBe(true);
    expect(read(`{${twin},${rest}}`)).toEqual(refused("claims-duplicate-member"));
    expect(read(`{${rest},${twin}}`)).toEqual(refused("claims-duplicate-member"));
  });

  test("one that is nested", () => {
    expect(read(`{${rest},"x":{"a":1,"a":2}}`)).toEqual(refused("claims-duplicate-member"));
    expect(read(`{${rest},"x":{"sub":1},"y":{"sub":2}}`).ok).toBe(true);
  });
});

test.each([
  ["no JSON", "sub", "claims-not-json"],
  ["no object", "[]", "claims-not-object"],
  ["bytes that are more than one object", "{}{}", "claims-not-json"],
  ["T19 lists 32 deep in the claims", `{"x":${"[".repeat(32)}${"]".repeat(32)}}`, "claims-too-deep"],
  ["T19 lists 3000 deep", `{"x":${"[".repeat(3000)}${"]".repeat(3000)}}`, "claims-too-deep"],
  ["T19 objects 3000 deep", `${'{"x":'.repeat(3000)}1${"}".repeat(3000)}`, "claims-too-deep"],
])("refuses %s", (_case, text, reason) => {
  expect(read(text)).toEqual(refused(reason));
});
