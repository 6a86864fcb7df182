import * as fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { verifyToken, type VerifyTokenOptions } from "./verify-token.fixture.ts";
import { bundleOf, mint, mintingKey, part } from "./minting.fixture.ts";

const NOW = 1_800_000_000;
const CLAIMS = { sub: "spiffe://example.org/web", aud: "spike-nexus", exp: NOW + 300 };
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Multiplies the number of runs in the long run. */
const LONGER = process.env["LONG"] === "1" ? 20 : 1;

let tokens: readonly string[];
let options: VerifyTokenOptions;

beforeAll(async () => {
  const keys = await Promise.all(["ES256", "RS256"].map((alg) => mintingKey(alg)));
  const bundle = await bundleOf(...keys.map((key) => key.entry));
  options = { audience: "spike-nexus", now: NOW * 1000, bundleOf: () => bundle };
  tokens = await Promise.all(
    keys.flatMap((key) => [mint(key, CLAIMS), mint(key, CLAIMS, { alg: key.alg }), mint(key, { ...CLAIMS, nbf: NOW })]),
  );
  for (const token of tokens) expect((await verifyToken(token, options)).ok).toBe(true);
});

const position = fc.nat({ max: 1_000_000 });
const valid = fc.nat({ max: 5 }).map((index) => tokens.at(index) ?? "");
const character = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...Array.from(ALPHABET)) },
  fc.constantFrom(".", "=", "+", "/", " ", "\n", "\t", "\0", ",", "é"),
);

async function isRefused(token: string): Promise<boolean> {
  return !tokens.includes(token) && !(await verifyToken(token, options)).ok;
}

test("rejects a token with any character changed to its neighbour in the alphabet", async () => {
  for (const token of tokens) {
    for (let index = 0; index < token.length; index++) {
      const neighbour = ALPHABET.charAt((ALPHABET.indexOf(token.charAt(index)) + 1) % 64);
      const changed = token.slice(0, index) + neighbour + token.slice(index + 1);
      expect(await isRefused(changed), `with another character at ${index}`).toBe(true);
    }
  }
});

test("rejects a token with any character changed to any other", async () => {
  const property = fc.asyncProperty(valid, position, character, (token, at, to) => {
    const index = at % token.length;
    fc.pre(token.charAt(index) !== to);
    return isRefused(token.slice(0, index) + to + token.slice(index + 1));
  });
  await expect(fc.assert(property, { numRuns: 1500 * LONGER })).resolves.toBeUndefined();
});

test("rejects a token with any character inserted", async () => {
  const property = fc.asyncProperty(valid, position, character, (token, at, more) => {
    const index = at % (token.length + 1);
    return isRefused(token.slice(0, index) + more + token.slice(index));
  });
  await expect(fc.assert(property, { numRuns: 1500 * LONGER })).resolves.toBeUndefined();
});

test("rejects a token that is truncated at either end", async () => {
  for (const token of tokens) {
    for (let cut = 1; cut < token.length; cut++) {
      const both = [await isRefused(token.slice(0, -cut)), await isRefused(token.slice(cut))];
      expect(both, `without ${cut} characters`).not.toContain(false);
    }
  }
});

test("rejects segments of different valid tokens put together", async () => {
  const parts = tokens.map((token) => token.split("."));
  for (const [header] of parts) {
    for (const [, claims] of parts) {
      for (const [, , signature] of parts) {
        const token = [header, claims, signature].join(".");
        if (!tokens.includes(token)) expect(await isRefused(token)).toBe(true);
      }
    }
  }
});

test("neither accepts nor throws for any text", async () => {
  const anything = fc.uint16Array({ maxLength: 100 }).map((units) => String.fromCharCode(...units));
  const text = fc.oneof(
    anything,
    fc.array(anything, { maxLength: 5 }).map((parts) => parts.join(".")),
  );
  await expect(fc.assert(fc.asyncProperty(text, isRefused), { numRuns: 500 * LONGER })).resolves.toBeUndefined();
});

test("neither accepts nor throws for any JSON in the three segments", async () => {
  const any = fc.jsonValue({ maxDepth: 2 });
  const fields = { alg: fc.constantFrom("ES256", "RS256", "none"), kid: any, typ: any };
  const header = fc.oneof(any, fc.record(fields, { requiredKeys: [] }));
  const sub = fc.oneof(fc.constant(CLAIMS.sub), any);
  const aud = fc.oneof(fc.constant(CLAIMS.aud), any);
  const exp = fc.oneof(fc.constant(CLAIMS.exp), any);
  const claims = fc.oneof(any, fc.record({ sub, aud, exp, nbf: any, iat: any }, { requiredKeys: [] }));
  const signature = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const property = fc.asyncProperty(header, claims, signature, (...[h, c, s]) =>
    isRefused(`${part(h)}.${part(c)}.${Buffer.from(s).toString("base64url")}`),
  );
  await expect(fc.assert(property, { numRuns: 1000 * LONGER })).resolves.toBeUndefined();
});
