import { ConfigError, parseConfig } from "../../src/runtime/config.ts";
import { CommandError } from "../command/command-error.ts";
import { DEV_AUDIENCE, DEV_TRUST_DOMAIN } from "./identity.ts";
import type { DevSecrets } from "./secrets.ts";

/** What a worker finds in its environment. */
export interface WorkerSettings {
  /** Everybody on the machine may see these: they are given as arguments. */
  readonly vars: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

interface Place {
  readonly databaseUrl: string;
  readonly bundle: object;
  readonly secrets: DevSecrets;
}

/** Settings that a developer may give through the environment. All others are part of how the workers are run here. */
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

/** @throws CommandError with exit code 2 if the service would refuse them */
export function workerSettings({ databaseUrl, bundle, secrets }: Place, env: NodeJS.ProcessEnv): WorkerSettings {
  const passedOn = PASSED_ON.map((name) => [name, env[name] ?? ""] as const).filter(([, value]) => value !== "");
  const settings: WorkerSettings = {
    vars: {
      // As long as `npm run token` can make one.
      SPIKE_JWT_MAX_LIFETIME_SECONDS: "31536000",
      ...Object.fromEntries(passedOn),
      LIBSQL_URL: databaseUrl,
      SPIKE_TRUST_BUNDLES: JSON.stringify({ [DEV_TRUST_DOMAIN]: bundle }),
      SPIKE_TRUST_ROOT_PILOT: DEV_TRUST_DOMAIN,
      SPIKE_AUDIENCE: DEV_AUDIENCE,
    },
    secrets: { SPIKE_ROOT_KEYS: secrets.rootKeys, LIBSQL_AUTH_TOKEN: secrets.databaseToken },
  };
  try {
    parseConfig({ ...settings.vars, ...settings.secrets });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(error.message, { exitCode: 2, cause: error });
  }
  return settings;
}
