import { describe, expect, it } from "vitest";
import { wranglerArguments, wranglerEnvironment } from "./wrangler.ts";

const SECRETS = { SPIKE_ROOT_KEYS: "dev:k", LIBSQL_AUTH_TOKEN: "t" };

describe("wranglerArguments", () => {
  it("gives each setting as one argument", () => {
    const bundles = '{"spike.ist":{"keys":[{"kid":"a:b \'c\'"}]}}';
    const args = wranglerArguments({ port: 1234, stateDir: "/s", vars: { SPIKE_TRUST_BUNDLES: bundles } });
    expect(args).toContain(`--var=SPIKE_TRUST_BUNDLES:${bundles}`);
    expect(args).toContain("--port=1234");
  });
});

describe("wranglerEnvironment", () => {
  it("holds our secrets, and nothing that would override a setting or a choice of ours", () => {
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
      { secrets: SECRETS, registryDir: "/r" },
    );
    expect(env).toMatchObject({ HOME: "/home/dev", ...SECRETS });
    for (const name of [
      "LIBSQL_URL",
      "SPIKE_TRUST_BUNDLES",
      "CLOUDFLARE_API_TOKEN",
      "CLOUDFLARE_ENV",
      "WRANGLER_LOG",
    ]) {
      expect(env).not.toHaveProperty(name);
    }
  });
});
