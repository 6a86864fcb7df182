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

test("accepts claims with only sub, aud and exp (J19)", () => {
  expect(read(GOOD)).toEqual({ ok: true, id: SUB, expiresAt: (NOW + 300) * 1000 });
});

test("ignores other claims, including the issuer", () => {
  expect(read({ ...GOOD, iss: "https://elsewhere", jti: 7, scope: { a: [] } }).ok).toBe(true);
});

describe("sub", () => {
  test("is returned in canonical form (ID01)", () => {
    expect(read({ ...GOOD, sub: "SPIFFE://example.org/web" })).toMatchObject({ ok: true, id: SUB });
  });

  test.each([
    ["a missing value (J07)", undefined],
    ["null (J07)", null],
    ["the empty string (J07)", ""],
    ["a number (J07)", 7],
    ["a list (J07)", [SUB]],
    ["an object (J07)", { id: SUB }],
    ["a name (J07)", "web"],
    ["another scheme (ID01, J07)", "https://example.org/web"],
    ["a trust domain in upper case (ID05, J07)", "spiffe://Example.org/web"],
    ["a query (ID09, J07)", "spiffe://example.org/web?a"],
    ["a segment .. (ID13, J07)", "spiffe://example.org/../web"],
    ["a trailing slash (ID14, J07)", "spiffe://example.org/web/"],
    ["a trailing newline (ID19, J07)", "spiffe://example.org/web\n"],
    ["a leading space (ID19, J07)", " spiffe://example.org/web"],
  ])("rejects %s", (_case, sub) => {
    expect(read({ ...GOOD, sub })).toEqual(refused("subject"));
  });

  test("accepts 2048 bytes and rejects 2049 (ID17)", () => {
    const longest = `spiffe://example.org/${"a".repeat(2048 - "spiffe://example.org/".length)}`;
    expect(read({ ...GOOD, sub: longest })).toMatchObject({ ok: true, id: longest });
    expect(read({ ...GOOD, sub: `${longest}a` })).toEqual(refused("subject"));
  });
});

describe("aud", () => {
  test.each([OURS, [OURS], ["other", OURS], [OURS, OURS]])("accepts %j (J09)", (aud) => {
    expect(read({ ...GOOD, aud }).ok).toBe(true);
  });

  test.each([
    ["a missing value (J08)", undefined],
    ["the empty string (J08)", ""],
    ["the empty list (J08)", []],
    ["a list of the empty string (J08)", [""]],
    ["null (T11)", null],
    ["a number (T11)", 7],
    ["zero (T11)", 0],
    ["true (T11)", true],
    ["an object (T11)", {}],
    ["an object like a list (T11)", { 0: OURS, length: 1 }],
    ["an object with our audience as member (T11)", { [OURS]: true }],
    ["a nested list (T11)", [[OURS]]],
    ["our audience and a nested list (T11)", [OURS, [OURS]]],
    ["our audience and the empty string (T11)", [OURS, ""]],
    ["our audience and a number (T11)", [OURS, 7]],
    ["our audience and null (T11)", [OURS, null]],
    ["a list of null (T11)", [null]],
  ])("rejects a malformed value: %s", (_case, aud) => {
    expect(read({ ...GOOD, aud })).toEqual(refused("audience-malformed"));
  });

  test.each([
    ["another service (T25, J09)", "other"],
    ["a list of other services (T25, J09)", ["other", "vault"]],
    ["another case (T11, J09)", "SPIKE-NEXUS"],
    ["one letter in another case (T11, J09)", "Spike-nexus"],
    ["a trailing slash (T11, J09)", "spike-nexus/"],
    ["a prefix of our audience (T11, J09)", "spike-nexu"],
    ["our audience with a suffix (T11, J09)", "spike-nexus2"],
    ["our audience as the first of two words (T11, J09)", "spike-nexus other"],
    ["our audience in a comma-separated list (T11, J09)", "other,spike-nexus"],
    ["a leading space (T11, J09)", " spike-nexus"],
    ["a trailing newline (T11, J09)", "spike-nexus\n"],
    ["a NUL at the end (T11, J09)", "spike-nexus\0"],
    ["a wildcard (T11, J09)", "*"],
    ["a pattern that matches our audience (T11, J09)", "spike-.*"],
    ["a URL with our audience (T11, J09)", "https://spike-nexus"],
    ["a Cyrillic і (T11, J09)", "spіke-nexus"],
    ["wide letters (T11, J09)", "ｓpike-nexus"],
    ["another hyphen (T11, J09)", "spike‐nexus"],
    ["a zero-width space (T11, J09)", "spike-\u200Bnexus"],
  ])("rejects another audience: %s", (_case, aud) => {
    expect(read({ ...GOOD, aud })).toEqual(refused("audience-other"));
    expect(read({ ...GOOD, aud: [aud].flat() })).toEqual(refused("audience-other"));
  });

  test("is compared by code units, not by normalised text (T11)", () => {
    const [composed, decomposed] = ["caf\u00E9", "cafe\u0301"];
    expect(read({ ...GOOD, aud: composed }, { audience: composed }).ok).toBe(true);
    expect(read({ ...GOOD, aud: decomposed }, { audience: composed })).toEqual(refused("audience-other"));
  });

  test.each([
    ["our audience alone", OURS, true],
    ["a list of our audience alone", [OURS], true],
    ["our audience twice", [OURS, OURS], true],
    ["our audience first", [OURS, "other"], false],
    ["our audience last", ["other", OURS], false],
    ["our audience, and again in another case", [OURS, "Spike-Nexus"], false],
  ])("applies severalAudiences to %s (J18)", (_case, aud, alone) => {
    expect(read({ ...GOOD, aud }).ok).toBe(true);
    expect(read({ ...GOOD, aud }, { severalAudiences: "accept" }).ok).toBe(true);
    const strict = read({ ...GOOD, aud }, { severalAudiences: "refuse" });
    expect(strict).toEqual(alone ? read({ ...GOOD, aud }) : refused("audience-several"));
  });

  test("rejects several audiences without ours with either setting (J18)", () => {
    expect(read({ ...GOOD, aud: ["a", "b"] }, { severalAudiences: "refuse" })).toEqual(refused("audience-other"));
  });

  test("accepts no token if the configured audience is empty (T11)", () => {
    expect(read({ ...GOOD, aud: "" }, { audience: "" }).ok).toBe(false);
    expect(read({ ...GOOD, aud: [""] }, { audience: "" }).ok).toBe(false);
  });
});

describe("exp", () => {
  test.each([
    ["a missing value (J10)", undefined],
    ["null (T12, J10)", null],
    ["a text of digits (T12, J10)", "1800000300"],
    ["the empty string (T12, J10)", ""],
    ["the text NaN (T12, J10)", "NaN"],
    ["a date as text (T12, J10)", "2027-01-15T08:05:00Z"],
    ["true (T12, J10)", true],
    ["a list (T12, J10)", [NOW + 300]],
    ["an object (T12, J10)", {}],
    ["a negative number (T12, J10)", -1],
    ["a negative fraction (T12, J10)", -0.5],
  ])("rejects a malformed value: %s", (_case, exp) => {
    expect(read({ ...GOOD, exp })).toEqual(refused("expiry-malformed"));
  });

  test.each([
    ["a literal that parses as infinity", "1e309"],
    ["a literal that parses as minus infinity", "-1e309"],
    ["milliseconds", "1800000300000"],
    ["an integer beyond a double", "100000000000000000000"],
    ["the year 10000", "253402300800"],
  ])("rejects a malformed value: %s (T12)", (_case, exp) => {
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":${exp}}`)).toEqual(refused("expiry-malformed"));
  });

  test.each(["NaN", "Infinity", "-Infinity", "0x7fffffff", "1_800_000_300", "+1800000300", "1800000300.", "01"])(
    "rejects the literal %s as JSON (T12)",
    (exp) => {
      expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":${exp}}`)).toEqual(refused("claims-not-json"));
    },
  );

  test("accepts an exponent and minus zero (T12)", () => {
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":1.8000003e9}`)).toMatchObject({ expiresAt: 1_800_000_300_000 });
    expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":-0}`)).toEqual(refused("expired"));
  });

  test("does not round a fraction (T12)", () => {
    expect(read({ ...GOOD, exp: NOW + 0.5 }, { leewaySeconds: 0 })).toMatchObject({ expiresAt: NOW * 1000 + 500 });
    expect(read({ ...GOOD, exp: NOW + 0.5 }, { leewaySeconds: 0, now: NOW * 1000 + 500 }).ok).toBe(false);
  });

  test.each([
    ["30 by default", undefined, 30],
    ["the value that is set", 10, 10],
    ["zero", 0, 0],
    ["at most 60", 3600, 60],
  ])("allows a leeway of %s, to the second (J11)", (_case, leewaySeconds, effective) => {
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
  ])("rejects %s that is not a date (J17)", (name, reason) => {
    for (const value of [null, "1", true, [], {}, -1]) {
      expect(read({ ...GOOD, [name]: value })).toEqual(refused(reason));
    }
  });

  test("rejects nbf beyond the leeway in the future (J17, T13)", () => {
    expect(read({ ...GOOD, nbf: NOW }).ok).toBe(true);
    expect(read({ ...GOOD, nbf: NOW + 30 }).ok).toBe(true);
    expect(read({ ...GOOD, nbf: NOW + 31 })).toEqual(refused("not-yet-valid"));
    expect(read({ ...GOOD, nbf: NOW + 1 }, { leewaySeconds: 0 })).toEqual(refused("not-yet-valid"));
  });

  test.each([1, 31, 45, 299, 300, 301, 3600, 10 * 365 * 86_400])(
    "accepts iat %i s in the future: it is no validity rule (Q17, J17, T13)",
    (ahead) => {
      for (const more of [{}, { leewaySeconds: 0 }, { maxLifetimeSeconds: 300 }]) {
        expect(read({ ...GOOD, iat: NOW + ahead }, more).ok).toBe(true);
      }
    },
  );

  test("does not round a fraction of a second (J17, T13)", () => {
    expect(read({ ...GOOD, nbf: NOW + 0.5 }, { leewaySeconds: 0 })).toEqual(refused("not-yet-valid"));
    expect(read({ ...GOOD, nbf: NOW + 0.5 }, { leewaySeconds: 0, now: NOW * 1000 + 500 }).ok).toBe(true);
  });

  test("rejects an expiry before the start of validity, even within the leeway (T13)", () => {
    expect(read({ ...GOOD, exp: NOW + 1, nbf: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 1, nbf: NOW + 1 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 2, nbf: NOW + 1, iat: NOW + 2 }).ok).toBe(true);
  });
});

describe("the maximum lifetime (T14)", () => {
  const cap = { maxLifetimeSeconds: 600 };

  test.each([
    ["counts from iat", { iat: NOW - 100, exp: NOW + 500 }, { iat: NOW - 100, exp: NOW + 501 }],
    ["counts from the current time without iat", { exp: NOW + 600 }, { exp: NOW + 601 }],
  ])("%s", (_case, within, beyond) => {
    expect(read({ ...GOOD, ...within }, cap).ok).toBe(true);
    expect(read({ ...GOOD, ...beyond }, cap)).toEqual(refused("lifetime"));
  });

  test.each([1, 20, 31, 500, 86_400, 10 * 365 * 86_400])(
    "counts from the current time if iat is %i s in the future (Q17, T13)",
    (ahead) => {
      const iat = NOW + ahead;
      expect(read({ ...GOOD, iat, exp: NOW + 600 }, cap).ok).toBe(true);
      expect(read({ ...GOOD, iat, exp: NOW + 601 }, cap)).toEqual(refused("lifetime"));
      expect(read({ ...GOOD, iat, exp: iat + 600 }, cap)).toEqual(refused("lifetime"));
    },
  );

  test("is off by default and has its own reason", () => {
    expect(read({ ...GOOD, exp: NOW + 601 }, cap)).toEqual(refused("lifetime"));
    expect(read({ ...GOOD, exp: NOW + 10 ** 9 }).ok).toBe(true);
  });
});

describe("the clock (T28)", () => {
  test.each(["leewaySeconds", "maxLifetimeSeconds"])("a %s of NaN rejects every token", (name) => {
    expect(read({ ...GOOD, iat: NOW, nbf: NOW }, { [name]: Number.NaN }).ok).toBe(false);
  });

  test.each([Number.NaN, 0, -0, -1, -Infinity, Infinity])("a time of %s rejects every token", (now) => {
    expect(read(GOOD, { now })).toEqual(refused("clock"));
    expect(read({ ...GOOD, iat: 0, nbf: 0 }, { now })).toEqual(refused("clock"));
  });

  test("accepts a valid token if the clock is ahead by at most the leeway", () => {
    const ends = { ...GOOD, exp: NOW + 1 };
    expect(read(ends, { now: (NOW + 30) * 1000 }).ok).toBe(true);
    expect(read(ends, { now: (NOW + 31) * 1000 })).toEqual(refused("expired"));
  });

  test("accepts a valid token if the clock is behind by at most the leeway", () => {
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
    ["an ignored claim", '"jti":"2"'],
  ])("rejects a second %s, before or after the valid one", (_case, twin) => {
    expect(read(`{${rest}}`).ok).toBe(true);
    expect(read(`{${twin},${rest}}`)).toEqual(refused("claims-duplicate-member"));
    expect(read(`{${rest},${twin}}`)).toEqual(refused("claims-duplicate-member"));
  });

  test("rejects a nested duplicate", () => {
    expect(read(`{${rest},"x":{"a":1,"a":2}}`)).toEqual(refused("claims-duplicate-member"));
    expect(read(`{${rest},"x":{"sub":1},"y":{"sub":2}}`).ok).toBe(true);
  });
});

test.each([
  ["text that is not JSON", "sub", "claims-not-json"],
  ["JSON that is not an object", "[]", "claims-not-object"],
  ["two objects", "{}{}", "claims-not-json"],
  ["lists 32 deep in the claims (T19)", `{"x":${"[".repeat(32)}${"]".repeat(32)}}`, "claims-too-deep"],
  ["lists 3000 deep (T19)", `{"x":${"[".repeat(3000)}${"]".repeat(3000)}}`, "claims-too-deep"],
  ["objects 3000 deep (T19)", `${'{"x":'.repeat(3000)}1${"}".repeat(3000)}`, "claims-too-deep"],
])("rejects %s", (_case, text, reason) => {
  expect(read(text)).toEqual(refused(reason));
});
