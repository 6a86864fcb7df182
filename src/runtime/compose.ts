import { createApp } from "../api/app.ts";
import { type CertificateSource } from "../api/client-certificate.ts";
import { importProxySecret } from "../api/proxy-secret.ts";
import { refreshBundles } from "../api/refresh-bundles.ts";
import type { Platform } from "../api/platform.ts";
import type { Service } from "../api/service.ts";
import { createUnreadyApp } from "../api/unready-app.ts";
import { importTrustBundle, type TrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";
import { fetchedKeys, fixedKeys, type KeySource } from "../seal/key-source.ts";
import { httpExecute } from "../store/libsql/http-execute.ts";
import { libsqlStore } from "../store/libsql/libsql-store.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { BulkStore } from "../store/store.ts";
import { type Config, ConfigError, parseConfig } from "./config.ts";
import { printJson } from "./print-json.ts";
import { type Output, createPlatform } from "./platform.ts";

/** The one entry that every runtime serves. */
export interface App {
  fetch(request: Request, ...platform: [env?: object, context?: ExecutionContextLike]): Response | Promise<Response>;
  /** What is to be done now and then, whoever calls or not: `at` in milliseconds since 1970. Never rejects. */
  scheduled(at: number): Promise<void>;
}

/** What Workers hand to a handler besides the request and its environment. */
interface ExecutionContextLike {
  waitUntil(work: Promise<unknown>): void;
  passThroughOnException(): void;
  readonly props: unknown;
}

/**
 * Builds the service from its environment alone. Depends on nothing else, so a runtime may keep the result: it holds
 * imported keys and built statements, and nothing of any request. The memory store is the exception, for development.
 *
 * With a broken environment it is a service that says it is not ready, and tells the operator why.
 */
export async function compose(env: Readonly<Record<string, unknown>>, output: Output = printJson): Promise<App> {
  const config = configOf(env);
  if (config instanceof ConfigError) return unready(config, createPlatform(output));
  const [keys, bundles] = await Promise.all([keysOf(config), importBundles(config)]);
  const { tokens, rateLimits, roots, keptVersions, shamir, maxBodyBytes, requestTimeoutMs } = config;
  const { pilot, nexus, bootstrap, liteWorkload } = roots;
  const settled = new Set([...bundles.keys(), ...pilot, ...nexus, ...bootstrap, ...liteWorkload]);
  const service: Service = {
    store: storeOf(config),
    backend: config.store.kind,
    keys,
    trust: { bundles, tokens, isStatic: (trustDomain) => settled.has(trustDomain) },
    certificates: await sourceOf(config),
    rateLimits,
    fetch: async (url, init) => await fetch(url, init),
    roots,
    keptVersions,
    shamir,
    maxBodyBytes,
    // What was encrypted has to fit into the body that asks to decrypt it, in base64 and with what stands around it.
    maxCipherBytes: Math.min(config.maxCipherBytes, Math.floor(((maxBodyBytes - 256) * 3) / 4)),
    requestTimeoutMs,
    platform: createPlatform(output),
  };
  const app = createApp();
  return {
    fetch: async (request, _env, context) => await app.fetch(request, service, context),
    scheduled: async (at) => await refreshBundles(service, at),
  };
}

async function keysOf({ rootKeys }: Config): Promise<KeySource> {
  return rootKeys.kind === "text" ? await fixedKeys(rootKeys.text) : fetchedKeys(rootKeys.get);
}

async function sourceOf({ certificates }: Config): Promise<CertificateSource> {
  if (certificates.kind !== "proxy") return certificates;
  return { kind: "proxy", secrets: await Promise.all(certificates.secrets.map(importProxySecret)) };
}

function unready({ problems }: ConfigError, platform: Platform): App {
  const app = createUnreadyApp(problems);
  return {
    fetch: async (request, _env, context) => await app.fetch(request, { platform }, context),
    async scheduled() {
      platform.log({ level: "error", event: "not_configured", detail: problems.join("; ") });
      await Promise.resolve();
    },
  };
}

function configOf(env: Readonly<Record<string, unknown>>): Config | ConfigError {
  try {
    return parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

async function importBundles(config: Config): Promise<ReadonlyMap<TrustDomain, TrustBundle>> {
  const imported = [...config.bundles].map(async ([domain, keys]) => [domain, await importTrustBundle(keys)] as const);
  return new Map(await Promise.all(imported));
}

function storeOf({ store }: Config): BulkStore {
  // Nothing is ever written to that of `lite`: see `isServed`.
  if (store.kind !== "libsql") return memoryStore({ storeId: "memory", now: Date.now });
  const { url, authToken } = store;
  const database = authToken === undefined ? { url } : { url, authToken };
  return libsqlStore(httpExecute(database, async (url, init) => await fetch(url, init)));
}
