import { describe, expect, it } from "vitest";
import { claimedId } from "./claimed-id.ts";

const token = (claims: string, header = '{"alg":"none"}') =>
  [header, claims].map((part) => Buffer.from(part).toString("base64url")).join(".") + ".c2ln";

describe("claimedId", () => {
  it("returns the unverified subject in canonical form", () => {
    expect(claimedId(token('{"sub":"spiffe://example.org/app"}'))).toBe("spiffe://example.org/app");
    expect(claimedId(token('{"sub":"SPIFFE://example.org/app"}'))).toBe("spiffe://example.org/app");
  });

  it.each([
    ["text that is not a token", "x"],
    ["four segments", `${token('{"sub":"spiffe://example.org/app"}')}.x`],
    ["text that is not JSON", token("spiffe://example.org/app")],
    ["no subject", token("{}")],
    ["a subject that is not a string", token('{"sub":["spiffe://example.org/app"]}')],
    ["a line break, which would forge a log line", token(JSON.stringify({ sub: "spiffe://example.org/app\n{}" }))],
    ["two subjects", token('{"sub":"spiffe://example.org/a","sub":"spiffe://example.org/b"}')],
    ["a token of 10 kB", token(JSON.stringify({ sub: "spiffe://example.org/app", x: "x".repeat(10_000) }))],
  ])("returns undefined for %s", (_, text) => {
    expect(claimedId(text)).toBeUndefined();
  });
});
