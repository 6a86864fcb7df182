import { describe, expect, it } from "vitest";
import { testDomain } from "../../test/harness/identity.ts";
import { BINDINGS, settingNames } from "../../test/harness/setting-names.ts";
import { PASSED_ON, workerSettings } from "./worker-settings.ts";

const SECRETS = { rootKeys: `dev:${Buffer.alloc(32, 7).toString("base64url")}`, databaseToken: "t" };

async function settingsWith(env: NodeJS.ProcessEnv): Promise<Readonly<Record<string, string>>> {
  const { bundle } = await testDomain();
  return workerSettings({ databaseUrl: "http://127.0.0.1:8080", bundle, secrets: SECRETS }, env);
}

describe("workerSettings", () => {
  it("has the secrets", async () => {
    await expect(settingsWith({})).resolves.toMatchObject({
      SPIKE_ROOT_KEYS: SECRETS.rootKeys,
      LIBSQL_AUTH_TOKEN: "t",
    });
  });

  it("passes the developer's settings on, except those that development decides", async () => {
    const settings = await settingsWith({
      SPIKE_REQUEST_TIMEOUT_MS: "500",
      SPIKE_MAX_BODY_BYTES: "",
      SPIKE_NEXUS_BACKEND_STORE: "memory",
      LIBSQL_URL: "http://elsewhere",
    });
    expect(settings).toMatchObject({ SPIKE_REQUEST_TIMEOUT_MS: "500", LIBSQL_URL: "http://127.0.0.1:8080" });
    expect(settings).not.toHaveProperty("SPIKE_MAX_BODY_BYTES");
    expect(settings).not.toHaveProperty("SPIKE_NEXUS_BACKEND_STORE");
  });

  it("rejects a setting that the service would reject", async () => {
    await expect(settingsWith({ SPIKE_REQUEST_TIMEOUT_MS: "5" })).rejects.toMatchObject({
      message: expect.stringMatching(/^Cannot read the configuration: SPIKE_REQUEST_TIMEOUT_MS .*from 100 to 25000$/),
      exitCode: 2,
    });
  });

  it("knows every setting of the service", async () => {
    const known = [...PASSED_ON, ...Object.keys(await settingsWith({})), "SPIKE_NEXUS_BACKEND_STORE"];
    // Neither an edge in front of the worker nor the platform's counters exist on a developer's machine.
    known.push("SPIKE_CLIENT_CERTIFICATES", "SPIKE_CLIENT_CERTIFICATE_HOSTS", ...BINDINGS);
    expect(settingNames().filter((name) => !known.includes(name))).toEqual([]);
  });
});
