import { createApp } from "../api/app.ts";
import type { CertificateSource } from "../api/client-certificate.ts";
import type { Platform } from "../api/platform.ts";
import { importProxySecret } from "../api/proxy-secret.ts";
import { refreshBundles } from "../api/refresh-bundles.ts";
import type { Service } from "../api/service.ts";
import { createUnreadyApp } from "../api/unready-app.ts";
import { importTrustBundle, type TrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";
import { fetchedKeys, fixedKeys, type KeySource } from "../seal/key-source.ts";
import { remoteExecute } from "../store/libsql/remote-execute.ts";
import { libsqlStore } from "../store/libsql/libsql-store.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { BulkStore } from "../store/store.ts";
import { type Config, ConfigError, parseConfig } from "./config.ts";
import { createPlatform, type Output } from "./platform.ts";
import { printJson } from "./print-json.ts";

/** The composed service, which every runtime serves. */
export interface App {
  fetch(request: Request, ...platform: [env?: object, context?: ExecutionContextLike]): Response | Promise<Response>;
  /** Runs the scheduled work of the time `at`, in milliseconds since the epoch. Never rejects. */
  scheduled(at: number): Promise<void>;
}

/** The execution context that Workers pass to a handler. */
interface ExecutionContextLike {
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: unknown;
}

/**
 * Composes the service from its environment. A runtime may keep the result: it contains imported keys and prepared statements,
 * and nothing of any request. The memory store, which is for development, is the exception.
 *
 * A broken environment gives a service that is not ready. Its log lists the problems.
 */
export async function compose(env: Readonly<Record<string, unknown>>, output: Output = printJson): Promise<App> {
  const platform = createPlatform(output);
  const config = tryParseConfig(env);
  if (config instanceof ConfigError) return composeUnready(config, platform);
  const service = await createService(config, platform);
  const app = createApp();
  return {
    fetch: async (request, _env, context) => await app.fetch(request, service, context),
    scheduled: async (at) => await refreshBundles(service, at),
  };
}

function tryParseConfig(env: Readonly<Record<string, unknown>>): Config | ConfigError {
  try {
    return parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function composeUnready({ problems }: ConfigError, platform: Platform): App {
  const app = createUnreadyApp(problems);
  return {
    fetch: async (request, _env, context) => await app.fetch(request, { platform }, context),
    async scheduled() {
      platform.log({ level: "error", event: "not_configured", detail: problems.join("; ") });
      await Promise.resolve();
    },
  };
}

async function createService(config: Config, platform: Platform): Promise<Service> {
  const { tokens, rateLimits, roots, keptVersions, shamir, maxBodyBytes, requestTimeoutMs } = config;
  const [keys, bundles, certificates] = await Promise.all([
    importKeys(config),
    importBundles(config),
    importCertificateSource(config),
  ]);
  const configured = new Set([...bundles.keys(), ...Object.values(roots).flat()]);
  return {
    store: createStore(config),
    backend: config.store.kind,
    keys,
    trust: { bundles, tokens, isStatic: (trustDomain) => configured.has(trustDomain) },
    certificates,
    rateLimits,
    fetch: async (url, init) => await fetch(url, init),
    roots,
    keptVersions,
    shamir,
    maxBodyBytes,
    // A ciphertext has to fit into the body of a decrypt request: in base64, and with 256 bytes for the other fields.
    maxCipherBytes: Math.min(config.maxCipherBytes, Math.floor(((maxBodyBytes - 256) * 3) / 4)),
    requestTimeoutMs,
    platform,
  };
}

async function importKeys({ rootKeys }: Config): Promise<KeySource> {
  return rootKeys.kind === "text" ? await fixedKeys(rootKeys.text) : fetchedKeys(rootKeys.get);
}

async function importCertificateSource({ certificates }: Config): Promise<CertificateSource> {
  if (certificates.kind !== "proxy") return certificates;
  return { kind: "proxy", secrets: await Promise.all(certificates.secrets.map(importProxySecret)) };
}

async function importBundles(config: Config): Promise<ReadonlyMap<TrustDomain, TrustBundle>> {
  const imported = [...config.bundles].map(async ([domain, keys]) => [domain, await importTrustBundle(keys)] as const);
  return new Map(await Promise.all(imported));
}

function createStore({ store }: Config): BulkStore {
  // The store of `lite` is never written to: see `isAvailable`.
  if (store.kind !== "libsql") return memoryStore({ storeId: "memory", now: Date.now });
  const { url, authToken } = store;
  const database = authToken === undefined ? { url } : { url, authToken };
  return libsqlStore(remoteExecute(database, async (request, init) => await fetch(request, init)));
}
