import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { testDomain } from "../../test/harness/identity.ts";
import { PASSED_ON, workerSettings } from "./worker-settings.ts";

const SECRETS = { rootKeys: `dev:${Buffer.alloc(32, 7).toString("base64url")}`, databaseToken: "t" };

async function settingsWith(env: NodeJS.ProcessEnv): Promise<ReturnType<typeof workerSettings>> {
  const { bundle } = await testDomain();
  return workerSettings({ databaseUrl: "http://127.0.0.1:8080", bundle, secrets: SECRETS }, env);
}

describe("workerSettings", () => {
  it("keeps secrets out of the arguments", async () => {
    const { vars, secrets } = await settingsWith({});
    expect(secrets).toEqual({ SPIKE_ROOT_KEYS: SECRETS.rootKeys, LIBSQL_AUTH_TOKEN: "t" });
    expect(Object.keys(vars).filter((name) => Object.hasOwn(secrets, name))).toEqual([]);
  });

  it("passes the developer's settings on, but none that development itself decides", async () => {
    const { vars } = await settingsWith({
      SPIKE_REQUEST_TIMEOUT_MS: "500",
      SPIKE_MAX_BODY_BYTES: "",
      SPIKE_NEXUS_BACKEND_STORE: "memory",
      LIBSQL_URL: "http://elsewhere",
    });
    expect(vars).toMatchObject({ SPIKE_REQUEST_TIMEOUT_MS: "500", LIBSQL_URL: "http://127.0.0.1:8080" });
    expect(vars).not.toHaveProperty("SPIKE_MAX_BODY_BYTES");
    expect(vars).not.toHaveProperty("SPIKE_NEXUS_BACKEND_STORE");
  });

  it("refuses what the service would refuse", async () => {
    await expect(settingsWith({ SPIKE_REQUEST_TIMEOUT_MS: "5" })).rejects.toMatchObject({
      message: "Cannot read the configuration: SPIKE_REQUEST_TIMEOUT_MS is no whole number from 100 to 25000",
      exitCode: 2,
    });
  });

  it("knows every setting of the service", async () => {
    const source = readFileSync(new URL("../../src/runtime/config.ts", import.meta.url), "utf8");
    const names = new Set(source.match(/(?:SPIKE|LIBSQL)_[A-Z_]+/g));
    const { vars, secrets } = await settingsWith({});
    const known = [...PASSED_ON, ...Object.keys(vars), ...Object.keys(secrets), "SPIKE_NEXUS_BACKEND_STORE"];
    // What stands in front of a worker, and the platform's counters: nothing that runs on a developer's machine.
    known.push("SPIKE_CLIENT_CERTIFICATES", "SPIKE_CLIENT_CERTIFICATE_HOSTS", "SPIKE_PROXY_SECRETS");
    known.push("SPIKE_RATE_LIMIT_BY_ADDRESS", "SPIKE_RATE_LIMIT_BY_IDENTITY");
    expect([...names].filter((name) => !known.includes(name))).toEqual([]);
  });
});
