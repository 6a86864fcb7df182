import { databaseWarnings } from "./database.ts";
import type { Config } from "./config.ts";
import { maxCipherBytes } from "./max-cipher-bytes.ts";
import { type Env, isSet } from "./read-settings.ts";
import type { SettingName } from "./settings.ts";

/** Warnings about a valid configuration that is probably a mistake. Each one names a setting and quotes no secret. */
export function configWarnings(env: Env, config: Config): readonly string[] {
  return [
    ...storeWarnings(config),
    ...identityWarnings(env, config),
    ...unusedSettings(env, config),
    ...repeatedEntries(config),
    ...(maxCipherBytes(config) < config.maxCipherBytes
      ? [
          `SPIKE_NEXUS_CRYPTO_MAX_CIPHERTEXT_SIZE is limited to ${maxCipherBytes(config)} by SPIKE_MAX_BODY_BYTES: a larger ciphertext does not fit into the body of a request`,
        ]
      : []),
  ];
}

function storeWarnings({ store }: Config): readonly string[] {
  switch (store.kind) {
    case "libsql":
      return [
        ...databaseWarnings(store.database, "LIBSQL_URL"),
        ...(store.replica === undefined ? [] : databaseWarnings(store.replica.database, "LIBSQL_REPLICA_URL")),
      ];
    case "memory":
      return [
        "SPIKE_NEXUS_BACKEND_STORE is memory: each instance of the worker has its own secrets and policies, and loses them when it ends",
      ];
    case "lite":
      return [];
  }
}

function identityWarnings(env: Env, { tokens, roots, bundles }: Config): readonly string[] {
  const warnings = [];
  if (!isSet(env, "SPIKE_AUDIENCE")) {
    warnings.push(
      `SPIKE_AUDIENCE is not set: a token for any other deployment with the default audience "${tokens.audience}" is valid here`,
    );
  }
  if (!roots.pilot.some((domain) => bundles.has(domain))) {
    warnings.push(
      "SPIKE_TRUST_BUNDLES has no bundle for a trust domain of SPIKE_TRUST_ROOT_PILOT: no superuser can authenticate",
    );
  }
  return warnings;
}

const NO_LIBSQL = "SPIKE_NEXUS_BACKEND_STORE is not libsql";

/** Settings that another setting switches off. */
function unusedSettings(env: Env, { store, certificates }: Config): readonly string[] {
  const isLibsql = store.kind === "libsql";
  const replica = isLibsql ? store.replica : undefined;
  const unused: readonly (readonly [name: SettingName, isUsed: boolean, by: string])[] = [
    ["LIBSQL_URL", isLibsql, NO_LIBSQL],
    ["LIBSQL_AUTH_TOKEN", isLibsql, NO_LIBSQL],
    ["LIBSQL_URL_IS_PRIMARY", isLibsql, NO_LIBSQL],
    ["LIBSQL_REPLICA_URL", isLibsql, NO_LIBSQL],
    ["SPIKE_REPLICA_READS", isLibsql, NO_LIBSQL],
    ["LIBSQL_REPLICA_AUTH_TOKEN", replica !== undefined, "LIBSQL_REPLICA_URL is not set"],
    ["SPIKE_REPLICA_MAX_STALENESS_MS", replica?.reads !== undefined, "SPIKE_REPLICA_READS is not 1"],
    ["SPIKE_STORE_ID", replica?.reads !== undefined, "SPIKE_REPLICA_READS is not 1"],
    [
      "SPIKE_CLIENT_CERTIFICATE_HOSTS",
      certificates.kind === "cloudflare",
      "SPIKE_CLIENT_CERTIFICATES is not cloudflare",
    ],
    ["SPIKE_PROXY_SECRETS", certificates.kind === "proxy", "SPIKE_CLIENT_CERTIFICATES is not proxy"],
  ];
  return unused
    .filter(([name, isUsed]) => !isUsed && isSet(env, name))
    .map(([name, , by]) => `${name} has no effect: ${by}`);
}

function repeatedEntries({ certificates, roots }: Config): readonly string[] {
  const lists: Partial<Record<SettingName, readonly string[]>> = {
    SPIKE_CLIENT_CERTIFICATE_HOSTS: certificates.kind === "cloudflare" ? certificates.hosts : [],
    SPIKE_PROXY_SECRETS: certificates.kind === "proxy" ? certificates.secrets : [],
    SPIKE_TRUST_ROOT_PILOT: roots.pilot,
    SPIKE_TRUST_ROOT_NEXUS: roots.nexus,
    SPIKE_TRUST_ROOT_BOOTSTRAP: roots.bootstrap,
    SPIKE_TRUST_ROOT_LITE_WORKLOAD: roots.liteWorkload,
  };
  return Object.entries(lists)
    .filter(([, entries]) => new Set(entries).size < entries.length)
    .map(([name]) => `${name} has an entry twice`);
}
