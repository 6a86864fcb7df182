import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { formatEnvFile } from "./env-file.ts";

describe("formatEnvFile", () => {
  it("keeps every value as it is", () => {
    const settings = {
      LIBSQL_URL: "http://127.0.0.1:8080",
      SPIKE_TRUST_BUNDLES: '{"spike.ist":{"keys":[{"kid":"a#b c","note":"it\'s"}]}}',
      EMPTY: "",
      SPACES: "  a = b  ",
    };
    expect(parseEnv(formatEnvFile(settings))).toEqual(settings);
  });

  it("writes one line per setting", () => {
    expect(formatEnvFile({ A: '{"b":1}', B: "it's" })).toBe("A='{\"b\":1}'\nB=`it's`\n");
  });

  it.each(["two\nlines", "$HOME", String.raw`a\nb`, "'`"])("rejects %j without quoting it", (value) => {
    expect(() => formatEnvFile({ NAME: value })).toThrow(
      "Cannot write NAME to an env file: it has characters that need escapes",
    );
  });
});
