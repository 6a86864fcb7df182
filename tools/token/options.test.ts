import { describe, expect, it } from "vitest";
import { readTokenOptions } from "./options.ts";

const APP = "spiffe://spike.ist/app";

describe("readTokenOptions", () => {
  it("has a default for every option except --sub", () => {
    expect(readTokenOptions(["--sub", APP, "--dir", "/x"], {})).toEqual({
      sub: APP,
      ttlSeconds: 3600,
      aud: "spike-nexus",
      dir: "/x",
    });
  });

  it.each([
    [[], "Cannot mint a token: --sub is missing"],
    [["--sub", "app"], 'Cannot use "app" as --sub: expected a SPIFFE ID such as spiffe://spike.ist/app'],
    [["--sub", `${APP}/`], "expected a SPIFFE ID"],
    [["--sub", "a\n\u001b[31m"], String.raw`"a\n\u001b[31m"`],
    [["--sub", "spiffe://example.org/app"], "expected an ID of the trust domain spike.ist"],
    [["--sub", "spiffe://spike.ist"], "an ID without a path names a trust domain, not a caller"],
    [["--sub", APP, "--ttl", "soon"], 'Cannot use "soon" as --ttl: expected a time such as 30s, 15m, 1h or 2d'],
    [["--sub", APP, "--aud="], 'Cannot use "" as --aud'],
    [["--sub", APP, "--kid", "k"], "Cannot read the command line: Unknown option '--kid'"],
  ])("rejects %j", (args, message) => {
    const read = (): unknown => readTokenOptions(args, {});
    expect(read).toThrow(message);
    expect(read).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});
