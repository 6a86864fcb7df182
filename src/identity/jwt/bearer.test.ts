import { describe, expect, test } from "vitest";
import { bearerToken } from "./bearer.ts";

describe("bearerToken", () => {
  test.each(["Bearer a.b-_.c", "bearer a.b-_.c", "BEARER a.b-_.c", "bEaReR a.b-_.c"])("T22 takes %s", (header) => {
    expect(bearerToken(header)).toBe("a.b-_.c");
  });

  test.each([
    ["no header", null],
    ["an empty header", ""],
    ["no token", "Bearer"],
    ["an empty token", "Bearer "],
    ["another scheme", "Basic YTpi"],
    ["another scheme that ends like it", "XBearer a.b.c"],
    ["a look-alike scheme", "Веarer a.b.c"],
    ["a token without scheme", "a.b.c"],
    ["a tab", "Bearer\ta.b.c"],
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
  ])("T22 refuses %s", (_case, header) => {
    expect(bearerToken(header)).toBeUndefined();
  });
});
