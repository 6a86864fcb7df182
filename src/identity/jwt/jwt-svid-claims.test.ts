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
    undefined,
    null,
    "",
    7,
    [SUB],
    { id: SUB },
    "web",
    "https://example.org/web",
    "spiffe://Example.org/web",
    "spiffe://example.org/web/",
    "spiffe://example.org/web\n",
    "spiffe://example.org/../web",
  ])("J07, ID01-ID19: %j is refused", (sub) => {
    expect(read({ ...GOOD, sub })).toEqual(refused("subject"));
  });
});

describe("aud", () => {
  test.each([OURS, [OURS], ["other", OURS], [OURS, OURS]])("J09: %j is ours", (aud) => {
    expect(read({ ...GOOD, aud }).ok).toBe(true);
  });

  test.each([
    undefined,
    null,
    "",
    7,
    true,
    {},
    [],
    [""],
    [OURS, ""],
    [OURS, 7],
    [[OURS]],
    [null],
    { 0: OURS, length: 1 },
  ])("J08, T11: %j is malformed", (aud) => {
    expect(read({ ...GOOD, aud })).toEqual(refused("audience-malformed"));
  });

  test.each([
    "other",
    ["other"],
    "SPIKE-NEXUS",
    "spike-nexus/",
    "spike-nexu",
    "spike-nexus2",
    " spike-nexus",
    "spіke-nexus",
  ])("J09, T11: %j is another", (aud) => {
    expect(read({ ...GOOD, aud })).toEqual(refused("audience-other"));
  });

  test("T11 an audience left empty by configuration admits nobody", () => {
    expect(read({ ...GOOD, aud: "" }, { audience: "" }).ok).toBe(false);
    expect(read({ ...GOOD, aud: [""] }, { audience: "" }).ok).toBe(false);
  });
});

describe("exp", () => {
  test.each([undefined, null, "1800000300", "", true, [NOW + 300], {}, -1, -0.5])(
    "J10, T12: %j is malformed",
    (exp) => {
      expect(read({ ...GOOD, exp })).toEqual(refused("expiry-malformed"));
    },
  );

  test.each(["1e309", "-1e309", "1800000300000", "100000000000000000000", "253402300800"])(
    "T12: the literal %s is malformed",
    (exp) => {
      expect(read(`{"sub":"${SUB}","aud":"${OURS}","exp":${exp}}`)).toEqual(refused("expiry-malformed"));
    },
  );

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

  test("T13 an expiry before the beginning is refused, within the leeway too", () => {
    expect(read({ ...GOOD, exp: NOW + 1, nbf: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 1, iat: NOW + 2 })).toEqual(refused("times-contradict"));
    expect(read({ ...GOOD, exp: NOW + 1, nbf: NOW + 1 })).toEqual(refused("times-contradict"));
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

test.each(["now", "leewaySeconds", "maxLifetimeSeconds"])("T28: a %s of NaN refuses every token", (name) => {
  expect(read({ ...GOOD, iat: NOW, nbf: NOW }, { [name]: Number.NaN }).ok).toBe(false);
});

test("T28 a clock that stands at zero refuses a token that says when it begins", () => {
  expect(read({ ...GOOD, nbf: NOW }, { now: 0 })).toEqual(refused("not-yet-valid"));
});

describe("T10 duplicate members", () => {
  test.each([
    ["sub", `{"sub":"${SUB}","aud":"${OURS}","exp":1900000000,"sub":"spiffe://example.org/admin"}`],
    ["exp", `{"exp":1,"sub":"${SUB}","aud":"${OURS}","exp":1900000000}`],
    ["aud, escaped", String.raw`{"aud":"other","sub":"${SUB}","\u0061ud":"${OURS}","exp":1900000000}`],
    ["a nested one", `{"sub":"${SUB}","aud":"${OURS}","exp":1900000000,"x":{"a":1,"a":2}}`],
  ])("%s", (_case, text) => {
    expect(read(text)).toEqual(refused("claims-duplicate-member"));
  });
});

test.each([
  ["no JSON", "sub", "claims-not-json"],
  ["no object", "[]", "claims-not-object"],
  ["T19 deep nesting", `{"x":${"[".repeat(3000)}${"]".repeat(3000)}}`, "claims-too-deep"],
])("refuses %s", (_case, text, reason) => {
  expect(read(text)).toEqual(refused(reason));
});
