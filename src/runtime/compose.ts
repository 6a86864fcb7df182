import { createApp } from "../api/app.ts";
import type { CertificateSource } from "../api/client-certificate.ts";
import type { Platform } from "../api/platform.ts";
import { importProxySecret } from "../api/proxy-secret.ts";
import { beat } from "../api/renew-heartbeat.ts";
import { refreshBundles } from "../api/refresh-bundles.ts";
import type { Service } from "../api/service.ts";
import { createUnreadyApp } from "../api/unready-app.ts";
import { fetchedKeys, fixedKeys, type KeySource } from "../seal/key-source.ts";
import { remoteExecute } from "../store/libsql/remote-execute.ts";
import { libsqlHeartbeat } from "../store/libsql/libsql-heartbeat.ts";
import { libsqlStore } from "../store/libsql/libsql-store.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import { type Config, parseConfig } from "./config.ts";
import type { Database } from "./database.ts";
import type { Execute } from "../store/libsql/execute.ts";
import { type ImportedBundles, importBundles } from "./import-bundles.ts";
import { maxCipherBytes } from "./max-cipher-bytes.ts";
import { createPlatform, type Output } from "./platform.ts";
import { printJson } from "./print-json.ts";
import type { Env } from "./read-settings.ts";
import { unknownSettings } from "./unknown-settings.ts";
import { configWarnings } from "./warnings.ts";

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
 * A broken environment gives a service that is not ready. Its log lists the problems at each request, and the warnings once, at
 * the first request.
 */
export async function compose(env: Env, output: Output = printJson): Promise<App> {
  const platform = createPlatform(output);
  const unknown = unknownSettings(env);
  const config = parseConfig(env);
  if (!config.ok) return withWarnings(composeUnready(config.problems, platform), unknown, platform);
  const { bundles, problems, warnings } = await importBundles(config.value);
  const app =
    problems.length > 0 ? composeUnready(problems, platform) : await composeReady(config.value, bundles, platform);
  return withWarnings(app, [...unknown, ...configWarnings(env, config.value), ...warnings], platform);
}

/** Logs the warnings at the first event: while a Worker starts, its clock is at 1970 and its log belongs to no request. */
function withWarnings(app: App, warnings: readonly string[], platform: Platform): App {
  let isFirst = true;
  const warn = (): void => {
    if (isFirst) for (const detail of warnings) platform.log({ level: "warn", event: "configuration_warning", detail });
    isFirst = false;
  };
  return {
    async fetch(...event) {
      warn();
      return await app.fetch(...event);
    },
    async scheduled(at) {
      warn();
      await app.scheduled(at);
    },
  };
}

async function composeReady(config: Config, bundles: ImportedBundles["bundles"], platform: Platform): Promise<App> {
  const service = await createService(config, bundles, platform);
  const app = createApp();
  return {
    fetch: async (request, _env, context) => await app.fetch(request, service, context),
    async scheduled(at) {
      await Promise.all([refreshBundles(service, at), beat(service)]);
    },
  };
}

function composeUnready(problems: readonly string[], platform: Platform): App {
  const app = createUnreadyApp(problems);
  return {
    fetch: async (request, _env, context) => await app.fetch(request, { platform }, context),
    async scheduled() {
      platform.log({ level: "error", event: "not_configured", detail: problems.join("; ") });
      await Promise.resolve();
    },
  };
}

async function createService(
  config: Config,
  bundles: ImportedBundles["bundles"],
  platform: Platform,
): Promise<Service> {
  const { tokens, rateLimits, roots, keptVersions, shamir, maxBodyBytes, requestTimeoutMs } = config;
  const [keys, certificates] = await Promise.all([importKeys(config), importCertificateSource(config)]);
  const configured = new Set([...bundles.keys(), ...Object.values(roots).flat()]);
  return {
    ...createStore(config),
    replicaReads: config.store.kind === "libsql" ? config.store.replica?.reads : undefined,
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
    maxCipherBytes: maxCipherBytes(config),
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

function createStore({ store }: Config): Pick<Service, "store" | "writeHeartbeat"> {
  // The store of `lite` is never written to: see `isAvailable`.
  if (store.kind !== "libsql") {
    return { store: memoryStore({ storeId: "memory", now: Date.now }), writeHeartbeat: undefined };
  }
  const { database, isPrimary, replica } = store;
  const primary = executeOn(database, !isPrimary);
  return {
    store: libsqlStore(primary, replica && executeOn(replica.database, false)),
    writeHeartbeat: libsqlHeartbeat(primary),
  };
}

function executeOn({ url, authToken }: Database, forwardsReads: boolean): Execute {
  const database = authToken === undefined ? { url } : { url, authToken };
  return remoteExecute({ ...database, forwardsReads }, async (request, init) => await fetch(request, init));
}
