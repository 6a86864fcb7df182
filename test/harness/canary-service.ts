import { importProxySecret } from "../../src/api/proxy-secret.ts";
import { type MintingKey, mint, mintingKey } from "../../src/identity/jwt/minting.fixture.ts";
import {
  certificateAuthority,
  nameOf,
  type TestAuthority,
  toRfc9440,
  toRfc9440List,
} from "../../src/identity/x509/minting.fixture.ts";
import { fixedKeys } from "../../src/seal/key-source.ts";
import { libsqlStore } from "../../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../../src/store/memory/memory-store.ts";
import { type Canaries, createCanaries, type Output } from "./canaries.ts";
import { captureConsole, createProbe, type Faults } from "./canary-probe.ts";
import { fileDatabase } from "./file-database.ts";
import { SUPERUSER } from "./identity.ts";
import { ownerOf } from "./owner-of.ts";
import { type TestService, testService } from "./service.ts";
import { watchRootKey, watchToken } from "./watch-credentials.ts";

export interface TestRequest {
  /** Identifies the request in findings. */
  readonly name: string;
  /** Text and bytes are sent unchanged, other values as JSON. */
  readonly body?: unknown;
  /** Added to the superuser's headers. An empty value removes a header. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly faults?: Faults;
}

interface TestResponse {
  readonly status: number;
  readonly text: string;
}

/** A service whose keys and credentials are canaries. It records everything that leaves it. */
export interface CanaryService {
  readonly canaries: Canaries;
  /** Everything that has left the service so far. */
  readonly outputs: readonly Output[];
  readonly testService: TestService;
  readonly proxySecret: string;
  /** `SPIKE_ROOT_KEYS` */
  readonly rootKeys: string;
  /** The signing key and the authority of `partner.org`, for its trust bundle. */
  readonly partner: { readonly key: MintingKey; readonly authority: TestAuthority };
  readonly send: (target: string, request: TestRequest) => Promise<TestResponse>;
  /** Runs the scheduled work. */
  readonly runSchedule: (time: number, faults: Faults) => Promise<void>;
  /** A token of a workload of `partner.org`. One claim is a canary; `options.claims` replaces claims. */
  readonly token: (
    name: string,
    path: string,
    options?: { readonly claims?: object; readonly key?: MintingKey },
  ) => Promise<string>;
  /** The headers of a client certificate for an ID. Its subject and its signature are canaries. */
  readonly certificate: (id: string, authority?: TestAuthority) => Promise<Readonly<Record<string, string>>>;
  /** Records the database files, before and after SQLite moves its write-ahead log into the main file. */
  readonly recordDatabaseFiles: () => Promise<void>;
  /** Makes the data keys of all secrets canaries, and returns their number. */
  readonly watchDataKeys: () => number;
  readonly close: () => void;
}

export const STORES = ["memory", "libsql"] as const;

/** Headers that the service must not repeat. It replaces malformed trace headers. */
const IGNORED_HEADERS = [
  "cookie",
  "user-agent",
  "referer",
  "x-forwarded-for",
  "x-api-key",
  "traceparent",
  "tracestate",
  "baggage",
];

export async function startCanaryService(kind: (typeof STORES)[number]): Promise<CanaryService> {
  const canaries = createCanaries();
  const rootKey = crypto.getRandomValues(new Uint8Array(32));
  await watchRootKey(canaries, rootKey);
  const rootKeys = `a:${Buffer.from(rootKey).toString("base64url")}`;
  const proxySecret = canaries.text("the proxy secret") + canaries.text("more of the proxy secret");
  const partner = {
    key: await mintingKey("ES256", "k1"),
    // The certificate must not contain the domain name, which tokens contain in base64 too.
    authority: await certificateAuthority({
      trustDomain: "partner.org",
      subject: nameOf("root"),
      extensions: { subjectAltName: undefined },
    }),
  };

  const database = kind === "libsql" ? await fileDatabase() : undefined;
  await database?.client.execute("PRAGMA synchronous = OFF");
  const probe = createProbe(database ? libsqlStore(database.execute) : memoryStore({ storeId: "s", now: Date.now }));
  const { outputs, record } = probe;
  const service = await testService(probe.store, {
    keys: await fixedKeys(rootKeys),
    maxBodyBytes: 100_000,
    certificates: { kind: "proxy", secrets: [await importProxySecret(proxySecret)] },
    rateLimits: probe.rateLimits,
    fetch: probe.fetch,
    platform: probe.platform,
  });
  const restoreConsole = captureConsole((method, text) => record(`console.${method}`, text));

  const superuser = await service.domain.token(SUPERUSER);
  watchToken(canaries, "the superuser's token", superuser);
  const roleTokens = new Map<string, string>();
  for (const path of ["/spike/pilot/role/recover", "/spike/pilot/role/restore", "/spike/bootstrap"]) {
    const token = await service.domain.token(path);
    watchToken(canaries, `the token of ${path}`, token);
    roleTokens.set(path, token);
  }
  const ignored = Object.fromEntries(IGNORED_HEADERS.map((name) => [name, canaries.text(`the header ${name}`)]));

  /** Runs `work` under the given faults, and records the log lines and audit lines that it writes. */
  const withFaults = async <T>(injected: Faults, work: () => Promise<T>): Promise<T> => {
    probe.setFaults(injected);
    const { length: logged } = service.log;
    const { length: audited } = service.audit;
    try {
      return await work();
    } finally {
      probe.setFaults({});
      record("log line", ...service.log.slice(logged).map((line) => JSON.stringify(line)));
      record("audit line", ...service.audit.slice(audited).map((line) => JSON.stringify(line)));
    }
  };

  return {
    canaries,
    outputs,
    testService: service,
    proxySecret,
    rootKeys,
    partner,
    async send(target, { name: requestName, body, headers = {}, method = "POST", faults: injected = {} }) {
      probe.setCause(`${method} ${target}, ${requestName}`);
      const allHeaders = {
        authorization: `Bearer ${roleTokens.get(ownerOf(target)) ?? superuser}`,
        "cf-connecting-ip": "192.0.2.1",
        ...ignored,
        ...headers,
      };
      const request = new Request(`http://edge.test${target}`, {
        method,
        headers: Object.fromEntries(Object.entries(allHeaders).filter(([, value]) => value !== "")),
        ...(body !== undefined && bodyOf(body)),
      });
      return await withFaults(injected, async () => {
        const response = await service.fetch(request);
        const text = await response.text();
        const { status } = response;
        for (const [name, value] of response.headers) record("response header", `${name}: ${value}`);
        record(`body of ${status} ${service.audit.at(-1)?.action ?? "none"}`, text);
        return { status, text };
      });
    },
    async runSchedule(time, injected) {
      probe.setCause("scheduled work");
      await withFaults(injected, async () => await service.scheduled(time));
    },
    async token(name, path, { claims: replaced = {}, key = partner.key } = {}) {
      const claims = {
        sub: `spiffe://partner.org${path}`,
        aud: "spike-nexus",
        exp: Math.floor(Date.now() / 1000) + 300,
        jti: canaries.text(`a claim of ${name}`),
        ...replaced,
      };
      const token = await mint(key, claims);
      watchToken(canaries, name, token);
      return token;
    },
    async certificate(id, authority = partner.authority) {
      const { chain } = await authority.issueLeaf({ id, subject: nameOf(canaries.text("a subject of a certificate")) });
      canaries.watch("the signature of a certificate", chain.leaf.slice(-40));
      return { "client-cert": toRfc9440(chain.leaf), "client-cert-chain": toRfc9440List([authority.der]) };
    },
    async recordDatabaseFiles() {
      if (database === undefined) return;
      for (const checkpointed of [false, true]) {
        probe.setCause(checkpointed ? "after the checkpoint" : "before the checkpoint");
        const files = await database.contents({ checkpointed });
        for (const bytes of files.values()) record("database files", bytes);
      }
    },
    watchDataKeys() {
      const dataKeys = probe.dataKeys();
      for (const key of dataKeys) canaries.watch("a data key", key);
      return dataKeys.length;
    },
    close() {
      restoreConsole();
      database?.close();
    },
  };
}

function bodyOf(body: unknown): RequestInit {
  if (body instanceof ReadableStream) return { body, duplex: "half" } as RequestInit;
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  return { body: isRaw ? Buffer.from(body as string) : JSON.stringify(body) };
}
