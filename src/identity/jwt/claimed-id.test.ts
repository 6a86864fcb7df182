import { describe, expect, it } from "vitest";
import { claimedId } from "./claimed-id.ts";

const token = (claims: string, header = '{"alg":"none"}') =>
  [header, claims].map((part) => Buffer.from(part).toString("base64url")).join(".") + ".c2ln";

describe("claimedId", () => {
  it("is what an unverified token says, in canonical form", () => {
    expect(claimedId(token('{"sub":"spiffe://example.org/app"}'))).toBe("spiffe://example.org/app");
    expect(claimedId(token('{"sub":"SPIFFE://example.org/app"}'))).toBe("spiffe://example.org/app");
  });

  it.each([
    ["no token", "x"],
    ["four parts", `${token('{"sub":"spiffe://example.org/app"}')}.x`],
    ["no JSON", token("spiffe://example.org/app")],
    ["no subject", token("{}")],
    ["a subject that is no text", token('{"sub":["spiffe://example.org/app"]}')],
    ["a line break, which would forge a log line", token(JSON.stringify({ sub: "spiffe://example.org/app\n{}" }))],
    ["two subjects", token('{"sub":"spiffe://example.org/a","sub":"spiffe://example.org/b"}')],
    ["a token of 10 kB", token(JSON.stringify({ sub: "spiffe://example.org/app", x: "x".repeat(10_000) }))],
  ])("is nothing for: %s", (_, text) => {
    expect(claimedId(text)).toBeUndefined();
  });
});
