import { createApp } from "../../src/api/app.ts";
import type { AuditLine } from "../../src/api/audit-line.ts";
import type { LogLine, Platform } from "../../src/api/platform.ts";
import { refreshBundles } from "../../src/api/refresh-bundles.ts";
import type { Service } from "../../src/api/service.ts";
import { parseTrustDomain } from "../../src/identity/spiffe-id.ts";
import { importTrustBundle, parseTrustBundle } from "../../src/identity/bundle/trust-bundle.ts";
import type { KeyRing } from "../../src/seal/key-ring.ts";
import { fixedKeys, type KeySource } from "../../src/seal/key-source.ts";
import { createPlatform } from "../../src/runtime/platform.ts";
import type { BulkStore, Change, Query, Store } from "../../src/store/store.ts";
import { SUPERUSER, type TestDomain, testDomain } from "./identity.ts";
import { KEY_A } from "./ring.ts";

export { KEY_A, KEY_B, ringOf } from "./ring.ts";

/** An answer of the service under test. */
export interface TestAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly text: string;
  readonly headers: Headers;
}

export interface TestService {
  readonly log: LogLine[];
  readonly audit: AuditLine[];
  readonly domain: TestDomain;
  /** Sends a body as the superuser. `headers` override the defaults; `authorization: ""` sends no token. */
  post(
    target: string,
    body: unknown,
    options?: { readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
  ): Promise<TestAnswer>;
  /** Returns `post` for the identity with that path. */
  as(
    path: string,
  ): Promise<(target: string, body: unknown, headers?: Readonly<Record<string, string>>) => Promise<TestAnswer>>;
  fetch(request: Request): Promise<Response>;
  /** Runs the scheduled refresh of the stored bundles. */
  scheduled(at: number): Promise<void>;
}

interface ServiceOptions {
  /** A ring without its root keys, or a source of keys. */
  readonly ring?: KeyRing;
  readonly keys?: KeySource;
  readonly backend?: Service["backend"];
  readonly writeHeartbeat?: Service["writeHeartbeat"];
  readonly replicaReads?: Service["replicaReads"];
  readonly keptVersions?: number;
  readonly requestTimeoutMs?: number;
  readonly maxBodyBytes?: number;
  readonly platform?: Partial<Platform>;
  readonly tokens?: Partial<Service["trust"]["tokens"]>;
  readonly certificates?: Service["certificates"];
  /** More entries of the configured bundle, such as X.509 authorities. */
  readonly bundleEntries?: readonly object[];
  readonly rateLimits?: Partial<Service["rateLimits"]>;
  /** Fetches trust bundles. Without it every fetch fails. */
  readonly fetch?: Service["fetch"];
}

const unreachable: Service["fetch"] = async () => await Promise.reject(new TypeError("no network"));

function keySourceOf(ring: KeyRing): KeySource {
  const roots = (): never => {
    throw new Error("the root keys are not known");
  };
  return { read: async () => await Promise.resolve({ ok: true, ring, roots }) };
}

/** Gives a store that a test wrapped a `commitEach` that makes one commit after the other. */
function withCommitEach(store: Store | BulkStore): BulkStore {
  if ("commitEach" in store) return store;
  return {
    load: async (query, signal) => await store.load(query, signal),
    replica: store.replica,
    commit: async (change, query, signal) => await store.commit(change, query, signal),
    async commitEach<Q extends Query>(changes: readonly Change[], query: Q, signal: AbortSignal) {
      const revisions: (number | undefined)[] = [];
      for (const change of changes) {
        const result = await store.commit(change, query, signal);
        revisions.push(result.won ? result.revision : undefined);
      }
      return { revisions, snapshot: await store.load(query, signal) };
    },
  };
}

/** The whole app in this process, with the given store. */
export async function testService(store: Store, options: ServiceOptions = {}): Promise<TestService> {
  const domain = await testDomain();
  const name = parseTrustDomain(domain.name)!;
  const { keys } = domain.bundle;
  const bundle = parseTrustBundle({ keys: [...keys, ...(options.bundleEntries ?? [])] });
  if (!bundle.ok) throw new Error(bundle.problem);
  const log: LogLine[] = [];
  const audit: AuditLine[] = [];
  const assembled: Service = {
    store: withCommitEach(store),
    replicaReads: options.replicaReads,
    writeHeartbeat: options.writeHeartbeat,
    backend: options.backend ?? "libsql",
    keys: options.keys ?? (options.ring ? keySourceOf(options.ring) : await fixedKeys(KEY_A)),
    trust: {
      bundles: new Map([[name, await importTrustBundle(bundle)]]),
      tokens: { audience: "spike-nexus", ...options.tokens },
      isStatic: (trustDomain) => trustDomain === name,
    },
    certificates: options.certificates ?? { kind: "none" },
    rateLimits: { byAddress: undefined, byIdentity: undefined, ...options.rateLimits },
    fetch: options.fetch ?? unreachable,
    roots: { pilot: [name], nexus: [name], bootstrap: [name], liteWorkload: [name] },
    keptVersions: options.keptVersions ?? 10,
    shamir: { threshold: 2, shares: 3, maxShares: 1000 },
    maxCipherBytes: 65_536,
    maxBodyBytes: options.maxBodyBytes ?? 1024 * 1024,
    requestTimeoutMs: options.requestTimeoutMs ?? 8000,
    platform: {
      ...createPlatform({ log: (line) => log.push(line), audit: (line) => audit.push(line) }),
      ...options.platform,
    },
  };
  const app = createApp();
  const token = await domain.token(SUPERUSER);
  const service: TestService = {
    log,
    audit,
    domain,
    fetch: async (request) => await app.fetch(request, assembled),
    scheduled: async (at) => await refreshBundles(assembled, at),
    async as(path) {
      const authorization = `Bearer ${await domain.token(path)}`;
      return async (target, body, headers = {}) =>
        await service.post(target, body, { headers: { authorization, ...headers } });
    },
    async post(target, body, { headers = {}, signal } = {}) {
      const request = new Request(`http://edge.test${target}`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, ...headers },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...(signal && { signal }),
      });
      const response = await app.fetch(request, assembled);
      const text = await response.text();
      return { status: response.status, body: JSON.parse(text), text, headers: response.headers };
    },
  };
  return service;
}
