import { describe, expect, it } from "vitest";
import { wranglerArguments, wranglerEnvironment } from "./wrangler.ts";

describe("wranglerArguments", () => {
  it("passes settings only by the path of their file", () => {
    const args = wranglerArguments({ port: 1234, stateDir: "/s", envFile: "/s/worker.env" });
    expect(args).toContain("--env-file=/s/worker.env");
    expect(args).toContain("--port=1234");
    expect(args.filter((argument) => argument.startsWith("--var"))).toEqual([]);
  });
});

describe("wranglerEnvironment", () => {
  it("removes every variable that overrides a setting or an option", () => {
    const env = wranglerEnvironment(
      {
        HOME: "/home/dev",
        LIBSQL_URL: "http://elsewhere",
        LIBSQL_AUTH_TOKEN: "another",
        SPIKE_TRUST_BUNDLES: "{}",
        CLOUDFLARE_API_TOKEN: "real",
        CLOUDFLARE_ENV: "production",
        WRANGLER_LOG: "debug",
        NO_COLOR: "1",
      },
      "/r",
    );
    expect(env).toMatchObject({ HOME: "/home/dev", WRANGLER_REGISTRY_PATH: "/r" });
    for (const name of [
      "LIBSQL_URL",
      "LIBSQL_AUTH_TOKEN",
      "SPIKE_TRUST_BUNDLES",
      "CLOUDFLARE_API_TOKEN",
      "CLOUDFLARE_ENV",
      "WRANGLER_LOG",
      "NO_COLOR",
    ]) {
      expect(env).not.toHaveProperty(name);
    }
  });
});
