import { expect, it } from "vitest";
import { SETTINGS } from "./settings.ts";
import { unknownSettings } from "./unknown-settings.ts";

it.each([
  ["SPIKE_ROOT_KEY", "SPIKE_ROOT_KEYS"],
  ["LIBSQL_TOKEN", "LIBSQL_AUTH_TOKEN"],
  ["LIBSQL_DATABASE_URL", "LIBSQL_URL"],
  ["LIBSQL_AUTHTOKEN", "LIBSQL_AUTH_TOKEN"],
  ["SPIKE_AUDIENCES", "SPIKE_AUDIENCE"],
  ["SPIKE_TRUST_BUNDLE", "SPIKE_TRUST_BUNDLES"],
  ["SPKE_AUDIENCE", "SPIKE_AUDIENCE"],
  ["spike_audience", "SPIKE_AUDIENCE"],
  ["SPIKE_MAX_SECRET_VERSIONS", "SPIKE_NEXUS_MAX_SECRET_VERSIONS"],
  ["SPIKE_TIMEOUT_MS", "SPIKE_REQUEST_TIMEOUT_MS"],
  ["SPIKE_JWT_MAX_LIFETIME", "SPIKE_JWT_MAX_LIFETIME_SECONDS"],
  ["SPIKE_PROXY_SECRET", "SPIKE_PROXY_SECRETS"],
  ["LIBSQL_REPLICA_TOKEN", "LIBSQL_REPLICA_AUTH_TOKEN"],
  ["SPIKE_REPLICA_READ", "SPIKE_REPLICA_READS"],
  ["SPIKE_REPLICA_STALENESS_MS", "SPIKE_REPLICA_MAX_STALENESS_MS"],
])("reports %s and suggests %s (Q38)", (name, meant) => {
  const warning = `${name} is not a setting and has no effect; did you mean ${meant}?`;
  expect(unknownSettings({ [name]: "canary" })).toEqual([warning]);
});

it.each(["SPIKE_NEXUS_TLS_PORT", "SPIKE_SYSTEM_LOG_LEVEL", "LIBSQL_X"])("reports %s (Q38)", (name) => {
  expect(unknownSettings({ [name]: "canary" })).toEqual([`${name} is not a setting and has no effect`]);
});

it("accepts every setting and the names of other programs", () => {
  const others = ["PATH", "HOME", "CF_PAGES", "DATABASE_URL", "NODE_ENV", `SPIKE_${"A".repeat(70)}`, "SPIKE_\n"];
  const env = Object.fromEntries([...Object.keys(SETTINGS), ...others].map((name) => [name, "x"]));
  expect(unknownSettings(env)).toEqual([]);
});
