import { parseConfig } from "../../src/runtime/config.ts";
import { clean } from "../../src/runtime/clean.ts";
import { isSettingName, SETTINGS } from "../../src/runtime/settings.ts";
import { usageError } from "../command/command-error.ts";
import { DEV_AUDIENCE, DEV_TRUST_DOMAIN } from "./identity.ts";
import type { DevSecrets } from "./secrets.ts";

interface Sources {
  readonly databaseUrl: string;
  readonly bundle: object;
  readonly secrets: DevSecrets;
}

/** The settings of a development worker, secrets included. @throws CommandError with exit code 2 if one is invalid */
export function workerSettings(
  { databaseUrl, bundle, secrets }: Sources,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const passedOn = Object.keys(SETTINGS)
    .filter((name) => isSettingName(name) && SETTINGS[name].dev === "passes on")
    .map((name) => [name, clean(env[name] ?? "")] as const)
    .filter(([, value]) => value !== undefined);
  const settings = {
    // The longest lifetime that `npm run token` accepts.
    SPIKE_JWT_MAX_LIFETIME_SECONDS: "31536000",
    ...Object.fromEntries(passedOn),
    LIBSQL_URL: databaseUrl,
    LIBSQL_URL_IS_PRIMARY: "1",
    LIBSQL_AUTH_TOKEN: secrets.databaseToken,
    SPIKE_ROOT_KEYS: secrets.rootKeys,
    SPIKE_TRUST_BUNDLES: JSON.stringify({ [DEV_TRUST_DOMAIN]: bundle }),
    SPIKE_TRUST_ROOT_PILOT: DEV_TRUST_DOMAIN,
    SPIKE_AUDIENCE: DEV_AUDIENCE,
    // wrangler warns about required secrets that are missing. Empty counts as not set.
    SPIKE_PROXY_SECRETS: "",
    LIBSQL_REPLICA_AUTH_TOKEN: "",
  };
  const config = parseConfig(settings);
  if (!config.ok) throw usageError(`Cannot read the configuration: ${config.problems.join("; ")}`);
  return settings;
}

/** The settings of a development worker that reads from a replica, in addition to the others. */
export function replicaSettings(replicaUrl: string, storeId: string): Readonly<Record<string, string>> {
  return { LIBSQL_REPLICA_URL: replicaUrl, SPIKE_REPLICA_READS: "1", SPIKE_STORE_ID: storeId };
}
