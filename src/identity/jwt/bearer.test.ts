import { describe, expect, test } from "vitest";
import { bearerToken } from "./bearer.ts";

describe("bearerToken", () => {
  test("accepts the scheme in any case (T22)", () => {
    for (let bits = 0; bits < 64; bits++) {
      const scheme = Array.from("bearer", (letter, index) => ((bits >> index) & 1 ? letter.toUpperCase() : letter));
      expect(bearerToken(`${scheme.join("")} a.b-_.c`)).toBe("a.b-_.c");
    }
  });

  test.each([
    ["no header", null],
    ["an empty header", ""],
    ["no token", "Bearer"],
    ["an empty token", "Bearer "],
    ["another scheme", "Basic YTpi"],
    ["another scheme for tokens", "DPoP a.b.c"],
    ["SPIFFE's other scheme", "WIT a.b.c"],
    ["a scheme with the same beginning", "BearerToken a.b.c"],
    ["a scheme with the same end", "XBearer a.b.c"],
    ["a look-alike scheme", "Веarer a.b.c"],
    ["a token without scheme", "a.b.c"],
    ["a tab", "Bearer\ta.b.c"],
    ["a space and a tab", "Bearer \ta.b.c"],
    ["a no-break space", "Bearer\u00A0a.b.c"],
    ["a line break", "Bearer\na.b.c"],
    ["two spaces", "Bearer  a.b.c"],
    ["a leading space", " Bearer a.b.c"],
    ["a trailing space", "Bearer a.b.c "],
    ["a trailing newline", "Bearer a.b.c\n"],
    ["two tokens", "Bearer a.b.c d.e.f"],
    ["two headers joined by a comma", "Bearer a.b.c, Bearer d.e.f"],
    ["two values joined by a comma", "Bearer a.b.c,d.e.f"],
    ["a quoted token", 'Bearer "a.b.c"'],
    ["a parameter", "Bearer token=a.b.c"],
    ["Unicode", "Bearer ä.b.c"],
    ["NUL", "Bearer a.b.c\0"],
  ])("rejects %s (T22)", (_case, header) => {
    expect(bearerToken(header)).toBeUndefined();
  });

  test("rejects two headers, which the platform joins by a comma (T22)", () => {
    const headers = new Headers({ authorization: "Bearer a.b.c" });
    expect(bearerToken(headers.get("authorization"))).toBe("a.b.c");
    headers.append("authorization", "Bearer d.e.f");
    expect(bearerToken(headers.get("authorization"))).toBeUndefined();
  });

  test.each([
    ["a query", "?access_token=a.b.c"],
    ["a form", "access_token=a.b.c"],
    ["a cookie", "access_token=a.b.c; Path=/"],
    ["a cookie instead of the scheme", "Cookie access_token=a.b.c"],
    ["a cookie after the scheme", "Bearer access_token=a.b.c"],
  ])("ignores a token in the form of %s (T23)", (_case, text) => {
    expect(bearerToken(text)).toBeUndefined();
  });

  test("reads a megabyte in linear time, accepted or rejected (T18)", () => {
    const token = "a".repeat(1_048_576);
    expect(bearerToken(`Bearer ${token}`)).toBe(token);
    expect(bearerToken(`Bearer ${token}===!`)).toBeUndefined();
    expect(bearerToken(`Bearer ${"=".repeat(1_048_576)}`)).toBeUndefined();
  });
});
