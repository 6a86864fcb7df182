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

test("sub, aud and exp are enough (J19)", () => {
  expect(read(GOOD)).toEqual({ ok: true, id: SUB, expiresAt: (NOW + 300) * 1000 });
});

test("other claims are ignored, an issuer among them", () => {
  expect(read({ ...GOOD, iss: "https://elsewhere", jti: 7, scope: { a: [] } }).ok).toBe(true);
});

describe("sub", () => {
  test("is given back in its one spelling (ID01)", () => {
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
    ["another scheme (ID01)", "https://example.org/web"],
    ["a trust domain in upper case (ID05)", "spiffe://Example.org/web"],
    ["a query (ID09)", "spiffe://example.org/web?a"],
    ["a segment .. (ID13)", "spiffe://example.org/../web"],
    ["a trailing slash (ID14)", "spiffe://example.org/web/"],
    ["a trailing newline (ID19)", "spiffe://example.org/web\n"],
    ["a leading space (ID19)", " spiffe://example.org/web"],
  ])("refuses: %s (J07)", (_case, sub) => {
    expect(read({ ...GOOD, sub })).toEqual(refused("subject"));
  });

  test("of 2048 bytes is read, of 2049 refused (ID17)", () => {
    const longest = `spiffe://example.org/${"a".repeat(2048 - "spiffe://example.org/".length)}`;
    expect(read({ ...GOOD, sub: longest })).toMatchObject({ ok: true, id: longest });
    expect(read({ ...GOOD, sub: `${longest}a` })).toEqual(refused("subject"));
  });
});

describe("aud", () => {
  test.each([OURS, [OURS], ["other", OURS], [OURS, OURS]])("%j is ours (J09)", (aud) => {
    expect(read({ ...GOOD, aud }).ok).toBe(true);
  });

  test.each([
    ["nothing (J08)", undefined],
    ["the empty text (J08)", ""],
    ["the empty list (J08)", []],
    ["a list of the empty text (J08)", [""]],
    ["null (T11)", null],
    ["a number (T11)", 7],
    ["zero (T11)", 0],
    ["true (T11)", true],
    ["an object (T11)", {}],
    ["an object like a list (T11)", { 0: OURS, length: 1 }],
    ["an object with our name (T11)", { [OURS]: true }],
    ["a nested list (T11)", [[OURS]]],
    ["ours, and a nested list (T11)", [OURS, [OURS]]],
    ["ours, and the empty text (T11)", [OURS, ""]],
    ["ours, and a number (T11)", [OURS, 7]],
    ["ours, and null (T11)", [OURS, null]],
    ["a list of null (T11)", [null]],
  ])("is malformed: %s", (_case, aud) => {
    expect(read({ ...GOOD, aud })).toEqual(refused("audience-malformed"));
  });

  test.each([
    ["another service (T25)", "other"],
    ["a list of other services (T25)", ["other", "vault"]],
    ["another case (T11)", "SPIKE-NEXUS"],
    ["one letter in another case (T11)", "Spike-nexus"],
    ["a trailing slash (T11)", "spike-nexus/"],
    ["a prefix of ours (T11)", "spike-nexu"],
    ["ours and more (T11)", "spike-nexus2"],
    ["ours as the first of several words (T11)", "spike-nexus other"],
    ["ours as one of several, joined by a comma (T11)", "other,spike-nexus"],
    ["a leading space (T11)", " spike-nexus"],
    ["a trailing newline (T11)", "spike-nexus\n"],
    ["a NUL behind it (T11)", "spike-nexus\0"],
    ["a wildcard (T11)", "*"],
    ["a pattern that fits ours (T11)", "spike-.*"],
    ["a URL with our name (T11)", "https://spike-nexus"],
    ["a Cyrillic і (T11)", "spіke-nexus"],
    ["wide letters (T11)", "ｓpike-nexus"],
    ["another hyphen (T11)", "spike‐nexus"],
    ["a zero-width space (T11)", "spike-\u200Bnexus"],
  ])("is another: %s (J09)", (_case, aud) => {
    expect(read({ ...GOOD, aud })).toEqual(refused("audience-other"));
    expect(read({ ...GOOD, aud: [aud].flat() })).toEqual(refused("audience-other"));
  });

  test("is compared by its code units, not by what they look like (T11)", () => {
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
  ])("of several audiences: %s (J18)", (_case, aud, alone) => {
    expect(read({ ...GOOD, aud }).ok).toBe(true);
    expect(read({ ...GOOD, aud }, { severalAudiences: "accept" }).ok).toBe(true);
    const strict = read({ ...GOOD, aud }, { severalAudiences: "refuse" });
    expect(strict).toEqual(alone ? read({ ...GOOD, aud }) : refused("audience-several"));
  });

  test("several audiences without ours are others', whatever is set (J18)", () => {
    expect(read({ ...GOOD, aud: ["a", "b"] }, { severalAudiences: "refuse" })).toEqual(refused("audience-other"));
  });

  test("an audience left empty by configuration admits nobody (T11)", () => {
    expect(read({ ...GOOD, aud: "" }, { audience: "" }).ok).toBe(false);
    expect(read({ ...GOOD, aud: [""] }, { audience: "" }).ok).toBe(false);
  });
});

describe("exp", () => {
  test.each([
    ["nothing (J10)", undefined],
    ["null (T12)", null],
    ["a text of digits (T12)", "1800000300"],
    ["the empty text (T12)", ""],
    ["the text NaN (T12)", "NaN"],
    ["a date as text (T12)", "2027-01-15T08:05:00Z"],
    ["true (T12)", true],
    ["a list (T12)", [NOW + 300]],
    ["an object (T12)", {}],
    ["a negative number (T12)", -1],
    ["a negative fraction (T12)", -0.5],
  ])("is malformed: %s (J10)", (_case, exp) => {
    expect(read({ ...GOOD, exp })).toEqual(refused("expiry-malformed"));
  });

  test.each([
    ["infinity, to a parser", "1e309"],
    ["minus infinity, to a parser", "-1e309"],
    ["milliseconds", "1800000300000"],
    ["more than a double holds", "100000000000000000000"],
    ["the year 10000", "253402300800"],
  ])("the literal of %s is malformed (T12)", (_case, exp) => {
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":${exp}}`)).toEqual(refused("expiry-malformed"));
  });

  test.each(["NaN", "Infinity", "-Infinity", "0x7fffffff", "1_800_000_300", "+1800000300", "1800000300.", "01"])(
    "the literal %s is no JSON (T12)",
    (exp) => {
      expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":${exp}}`)).toEqual(refused("claims-not-json"));
    },
  );

  test("an exponent and a minus zero are numbers (T12)", () => {
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":1.8000003e9}`)).toMatchObject({ expiresAt: 1_800_000_300_000 });
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":-0}`)).toEqual(refused("expired"));
  });

  test("a fraction counts (T12)", () => {
    expect(read({ ...GOOD, exp: NOW + 0.5 }, { leewaySeconds: 0 })).toMatchObject({ expiresAt: NOW * 1000 + 500 });
    expect(read({ ...GOOD, exp: NOW + 0.5 }, { leewaySeconds: 0, now: NOW * 1000 + 500 }).ok).toBe(false);
  });

  test.each([
    ["30 by default", undefined, 30],
    ["what is set", 10, 10],
    ["none", 0, 0],
    ["60 at most", 3600, 60],
  ])("leeway: %s, tested at the edge second (J11)", (_case, leewaySeconds, effective) => {
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
  ])("%s that is no date is malformed (J17)", (name, reason) => {
    for (const value of [null, "1", true, [], {}, -1]) {
      expect(read({ ...GOOD, [name]: value })).toEqual(refused(reason));
    }
  });

  test.each([
    ["nbf", "not-yet-valid"],
    ["iat", "issued-in-future"],
  ])("%s in the future beyond the leeway is refused (J17, T13)", (name, reason) => {
    expect(read({ ...GOOD, [name]: NOW }).ok).toBe(true);
    expect(read({ ...GOOD, [name]: NOW + 30 }).ok).toBe(true);
    expect(read({ ...GOOD, [name]: NOW + 31 })).toEqual(refused(reason));
    expect(read({ ...GOOD, [name]: NOW + 1 }, { leewaySeconds: 0 })).toEqual(refused(reason));
  });

  test("a fraction of a second counts (J17, T13)", () => {
    expect(read({ ...GOOD, nbf: NOW + 0.5 }, { leewaySeconds: 0 })).toEqual(refused("not-yet-valid"));
    expect(read({ ...GOOD, nbf: NOW + 0.5 }, { leewaySeconds: 0, now: NOW * 1000 + 500 }).ok).toBe(true);
  });

  test("an expiry before the beginning is refused, within the leeway too (T13)", () => {
    expect(read({ ...GOOD, exp: NOW + 1, nbf: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 1, iat: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 1, nbf: NOW + 1 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 2, nbf: NOW + 1, iat: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 2, nbf: NOW + 1, iat: NOW + 1 }).ok).toBe(true);
  });
});

describe("the cap on the lifetime (T14)", () => {
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

describe("the clock (T28)", () => {
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

describe("duplicate members (T10)", () => {
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
  ["lists 32 deep in the claims (T19)", `{"x":${"[".repeat(32)}${"]".repeat(32)}}`, "claims-too-deep"],
  ["lists 3000 deep (T19)", `{"x":${"[".repeat(3000)}${"]".repeat(3000)}}`, "claims-too-deep"],
  ["objects 3000 deep (T19)", `${'{"x":'.repeat(3000)}1${"}".repeat(3000)}`, "claims-too-deep"],
])("refuses %s", (_case, text, reason) => {
  expect(read(text)).toEqual(refused(reason));
});
