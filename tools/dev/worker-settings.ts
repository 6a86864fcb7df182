import { ConfigError, parseConfig } from "../../src/runtime/config.ts";
import { usageError } from "../command/command-error.ts";
import { DEV_AUDIENCE, DEV_TRUST_DOMAIN } from "./identity.ts";
import type { DevSecrets } from "./secrets.ts";

interface Sources {
  readonly databaseUrl: string;
  readonly bundle: object;
  readonly secrets: DevSecrets;
}

/** Settings that a developer may give through the environment. The command decides all others. */
export const PASSED_ON: readonly string[] = [
  "SPIKE_NEXUS_MAX_SECRET_VERSIONS",
  "SPIKE_NEXUS_SHAMIR_THRESHOLD",
  "SPIKE_NEXUS_SHAMIR_SHARES",
  "SPIKE_NEXUS_SHAMIR_MAX_SHARE_COUNT",
  "SPIKE_NEXUS_CRYPTO_MAX_CIPHERTEXT_SIZE",
  "SPIKE_MAX_BODY_BYTES",
  "SPIKE_REQUEST_TIMEOUT_MS",
  "SPIKE_JWT_LEEWAY_SECONDS",
  "SPIKE_JWT_MAX_LIFETIME_SECONDS",
  "SPIKE_JWT_SEVERAL_AUDIENCES",
  "SPIKE_TRUST_ROOT_NEXUS",
  "SPIKE_TRUST_ROOT_BOOTSTRAP",
  "SPIKE_TRUST_ROOT_LITE_WORKLOAD",
];

/** The settings of a development worker, secrets included. @throws CommandError with exit code 2 if one is invalid */
export function workerSettings(
  { databaseUrl, bundle, secrets }: Sources,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const passedOn = PASSED_ON.map((name) => [name, env[name] ?? ""] as const).filter(([, value]) => value !== "");
  const settings = {
    // The longest lifetime that `npm run token` accepts.
    SPIKE_JWT_MAX_LIFETIME_SECONDS: "31536000",
    ...Object.fromEntries(passedOn),
    LIBSQL_URL: databaseUrl,
    LIBSQL_AUTH_TOKEN: secrets.databaseToken,
    SPIKE_ROOT_KEYS: secrets.rootKeys,
    SPIKE_TRUST_BUNDLES: JSON.stringify({ [DEV_TRUST_DOMAIN]: bundle }),
    SPIKE_TRUST_ROOT_PILOT: DEV_TRUST_DOMAIN,
    SPIKE_AUDIENCE: DEV_AUDIENCE,
    // wrangler warns about a required secret that is missing. Empty counts as not set.
    SPIKE_PROXY_SECRETS: "",
  };
  try {
    parseConfig(settings);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw usageError(error.message, error);
  }
  return settings;
}
