import { describe, expect, it } from "vitest";
import { testDomain } from "../../test/harness/identity.ts";
import { isSettingName, SETTINGS, type SettingRow } from "../../src/runtime/settings.ts";
import { settingNames } from "../../test/harness/setting-names.ts";
import { replicaSettings, workerSettings } from "./worker-settings.ts";

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

  const settingsFor = (dev: SettingRow<unknown>["dev"]) => settingNames().filter((name) => SETTINGS[name].dev === dev);

  it("decides the settings whose rows say so", async () => {
    const replica = replicaSettings("http://127.0.0.1:8081", "0".repeat(32));
    const decided = Object.keys({ ...(await settingsWith({})), ...replica }).filter(isSettingName);
    // Decided unless the developer gives it, and not set at all.
    const exceptions = ["SPIKE_JWT_MAX_LIFETIME_SECONDS", "SPIKE_PROXY_SECRETS", "LIBSQL_REPLICA_AUTH_TOKEN"];
    expect(decided.filter((name) => !exceptions.includes(name)).toSorted()).toEqual(settingsFor("decides"));
  });

  it.each(settingsFor("passes on"))("passes %s on without white space and quotes (Q10)", async (name) => {
    const row: SettingRow<unknown> = SETTINGS[name];
    const settings = await settingsWith({ [name]: ` "${row.default}"\r\n` });
    expect(settings[name]).toBe(row.default);
  });

  it.each(settingsFor("leaves unset"))("does not pass %s on", async (name) => {
    expect((await settingsWith({ [name]: "canary" }))[name] ?? "").toBe("");
  });
});
