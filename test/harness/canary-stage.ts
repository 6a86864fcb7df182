import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { vi } from "vitest";
import { importProxySecret } from "../../src/api/proxy-secret.ts";
import { type MintingKey, mint, mintingKey } from "../../src/identity/jwt/minting.fixture.ts";
import {
  certificateAuthority,
  nameOf,
  type TestAuthority,
  toRfc9440,
  toRfc9440List,
} from "../../src/identity/x509/minting.fixture.ts";
import { libsqlStore } from "../../src/store/libsql/libsql-store.ts";
import { memoryStore } from "../../src/store/memory/memory-store.ts";
import type { Store } from "../../src/store/store.ts";
import { type Canaries, canaries, randomText, type Sighting } from "./canaries.ts";
import { fileDatabase } from "./file-database.ts";
import { SUPERUSER } from "./identity.ts";
import { ownerOf } from "./owner-of.ts";
import { fixedKeys } from "../../src/seal/key-source.ts";
import { type TestService, testService } from "./service.ts";

/** What goes wrong around the service while a request is served. */
export interface Weather {
  /** Throws in place of an answer of the store. */
  readonly load?: () => never;
  readonly commit?: () => never;
  /** Throws where random bytes are wanted for keys, nonces and names of writes. */
  readonly randomBytes?: () => never;
  /** Throws where the time is wanted: first of all by what surrounds the doors. */
  readonly now?: () => never;
  /** Answers instead of the store. */
  readonly store?: Store;
  /** Has been asked too often, or fails. */
  readonly limits?: { readonly address?: () => boolean; readonly identity?: () => boolean };
  readonly endpoint?: (url: string) => Response | Promise<Response>;
}

export interface Ask {
  /** For findings, and for whoever reads them. */
  readonly what: string;
  /** Text and bytes as they are, anything else as JSON; none unless given. */
  readonly body?: unknown;
  /** Over those of the superuser; an empty one is left out. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly weather?: Weather;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A service whose keys are all canaries, over a store of either kind, and all that has come out of it so far. */
export interface Stage {
  readonly marks: Canaries;
  readonly sightings: readonly Sighting[];
  readonly service: TestService;
  readonly proxySecret: string;
  /** `SPIKE_ROOT_KEYS` */
  readonly rootKeys: string;
  /** A trust domain whose bundle can be stored: `partner.org`. */
  readonly partner: { readonly key: MintingKey; readonly authority: TestAuthority };
  readonly send: (target: string, ask: Ask) => Promise<Answer>;
  /** Lets the schedule strike. */
  readonly schedule: (at: number, weather: Weather) => Promise<void>;
  /** A token of the partner's workload of that path, with a canary among its claims; `over` replaces claims. */
  readonly token: (name: string, path: string, over?: object, key?: MintingKey) => Promise<string>;
  /** Headers of a client with a certificate for that ID, in which its subject and its signature are canaries. */
  readonly certificate: (id: string, authority?: TestAuthority) => Promise<Readonly<Record<string, string>>>;
  /** Looks at what is stored: the database's files, before and after its log was written back. */
  readonly lookIntoFiles: () => Promise<void>;
  /** Looks for the data keys of all secrets, too, from now on; how many there were. */
  readonly watchDataKeys: () => number;
  readonly close: () => void;
}

export const STORES = ["memory", "libsql"] as const;

/** Headers that nobody here has asked for. Malformed ones of the trace are replaced. */
const UNASKED = [
  "cookie",
  "user-agent",
  "referer",
  "x-forwarded-for",
  "x-api-key",
  "traceparent",
  "tracestate",
  "baggage",
];

export async function canaryStage(kind: (typeof STORES)[number]): Promise<Stage> {
  const marks = canaries();
  const sightings: Sighting[] = [];
  const rootKey = crypto.getRandomValues(new Uint8Array(32));
  await watchKeys(marks, rootKey);
  const rootKeys = `a:${Buffer.from(rootKey).toString("base64url")}`;
  const proxySecret = marks.text("the proxy secret") + marks.text("more of the proxy secret");
  const partner = {
    key: await mintingKey("ES256", "k1"),
    // Without the domain's name in it, which is in tokens, too, as base64.
    authority: await certificateAuthority({
      trustDomain: "partner.org",
      subject: nameOf("root"),
      extensions: { subjectAltName: undefined },
    }),
  };

  const database = kind === "libsql" ? await fileDatabase() : undefined;
  await database?.client.execute("PRAGMA synchronous = OFF");
  const inner = database ? libsqlStore(database.execute) : memoryStore({ storeId: "s", now: Date.now });
  let weather: Weather = {};
  let during = "start";
  const see = (place: string, ...bytes: readonly (string | Uint8Array)[]): void => {
    for (const each of bytes) sightings.push({ place, during, bytes: Buffer.from(each as string) });
  };
  const drawn: string[] = [];
  const names = new Set<string | undefined>();
  const store: Store = {
    async load(query, signal) {
      see("a query of the store", ...leavesOf(query));
      names.add(query.writeId);
      weather.load?.();
      return await (weather.store ?? inner).load(query, signal);
    },
    async commit(change, query, signal) {
      see("a change of the store", ...leavesOf(change));
      see("a query of the store", ...leavesOf(query));
      weather.commit?.();
      return await (weather.store ?? inner).commit(change, query, signal);
    },
  };
  const service = await testService(store, {
    keys: await fixedKeys(rootKeys),
    maxBodyBytes: 100_000,
    certificates: { kind: "proxy", secrets: [await importProxySecret(proxySecret)] },
    rateLimits: {
      byAddress: { limit: async ({ key }) => (see("a key of a counter", key), answerOf(weather.limits?.address)) },
      byIdentity: { limit: async ({ key }) => (see("a key of a counter", key), answerOf(weather.limits?.identity)) },
    },
    async fetch(url, init) {
      see("a request to an endpoint", url, inspect(init, { depth: 5 }));
      return await (weather.endpoint ?? (() => new Response(null, { status: 404 })))(url);
    },
    platform: {
      sleep: async () => await Promise.resolve(),
      now() {
        weather.now?.();
        return Date.now();
      },
      randomBytes(length) {
        // Names of requests are drawn before anything can go wrong.
        if (length !== 16) weather.randomBytes?.();
        const bytes = crypto.getRandomValues(new Uint8Array(length));
        if (length === 32) drawn.push(Buffer.from(bytes).toString("base64url"));
        return bytes;
      },
    },
  });
  const restore = watchConsole((method, text) => see(`console.${method}`, text));

  const superuser = await service.domain.token(SUPERUSER);
  watchToken(marks, "the superuser's token", superuser);
  const tokens = new Map<string, string>();
  for (const path of ["/spike/pilot/role/recover", "/spike/pilot/role/restore", "/spike/bootstrap"]) {
    const token = await service.domain.token(path);
    watchToken(marks, `the token of ${path}`, token);
    tokens.set(path, token);
  }
  const unasked = Object.fromEntries(UNASKED.map((name) => [name, marks.text(`the header ${name}`)]));

  const under = async <T>(next: Weather, work: () => Promise<T>): Promise<T> => {
    weather = next;
    const { length: logged } = service.log;
    const { length: audited } = service.audit;
    try {
      return await work();
    } finally {
      weather = {};
      see("a line of the log", ...service.log.slice(logged).map((line) => JSON.stringify(line)));
      see("a line of the audit", ...service.audit.slice(audited).map((line) => JSON.stringify(line)));
    }
  };

  return {
    marks,
    sightings,
    service,
    proxySecret,
    rootKeys,
    partner,
    async send(target, { what, body, headers = {}, method = "POST", weather: next = {} }) {
      during = `${method} ${target}, ${what}`;
      const given = {
        authorization: `Bearer ${tokens.get(ownerOf(target)) ?? superuser}`,
        "cf-connecting-ip": "192.0.2.1",
        ...unasked,
        ...headers,
      };
      const request = new Request(`http://edge.test${target}`, {
        method,
        headers: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== "")),
        ...(body !== undefined && bodyOf(body)),
      });
      return await under(next, async () => {
        const response = await service.fetch(request);
        const text = await response.text();
        const { status } = response;
        for (const [name, value] of response.headers) see("a header", `${name}: ${value}`);
        see(`the body of ${status} ${service.audit.at(-1)?.action ?? "none"}`, text);
        return { status, text };
      });
    },
    async schedule(at, next) {
      during = "the schedule";
      await under(next, async () => await service.scheduled(at));
    },
    async token(name, path, over = {}, key = partner.key) {
      const claims = {
        sub: `spiffe://partner.org${path}`,
        aud: "spike-nexus",
        exp: Math.floor(Date.now() / 1000) + 300,
        jti: marks.text(`a claim of ${name}`),
        ...over,
      };
      const token = await mint(key, claims);
      watchToken(marks, name, token);
      return token;
    },
    async certificate(id, authority = partner.authority) {
      const { chain } = await authority.issueLeaf({ id, subject: nameOf(marks.text("a name in a certificate")) });
      marks.watch("the signature of a certificate", chain.leaf.slice(-40));
      return { "client-cert": toRfc9440(chain.leaf), "client-cert-chain": toRfc9440List([authority.der]) };
    },
    async lookIntoFiles() {
      if (database === undefined) return;
      const look = (when: string): void => {
        during = when;
        const folder = dirname(database.file);
        for (const name of readdirSync(folder)) see("the database's files", readFileSync(join(folder, name)));
      };
      look("before the log was written back");
      await database.client.execute("PRAGMA wal_checkpoint");
      look("after the log was written back");
    },
    watchDataKeys() {
      // What is drawn for neither a key nor the name of a write is shorter.
      const keys = drawn.filter((text) => !names.has(text));
      for (const key of keys) marks.watch("a data key", new Uint8Array(Buffer.from(key, "base64url")));
      return keys.length;
    },
    close() {
      restore();
      database?.close();
    },
  };
}

/** The signature of a token and its claims: whoever has one of them has more than he should. */
export function watchToken(marks: Canaries, name: string, token: string): void {
  const [, claims = "", signature = ""] = token.split(".");
  marks.watch(`the claims in ${name}`, claims);
  marks.watch(`the signature of ${name}`, signature);
  marks.watch(`the signature of ${name}`, new Uint8Array(Buffer.from(signature, "base64url")));
}

/** The root key as it is configured and as it is, and what is derived of it and secret. */
async function watchKeys(marks: Canaries, rootKey: Uint8Array<ArrayBuffer>): Promise<void> {
  marks.watch("the root key in base64url", Buffer.from(rootKey).toString("base64url"));
  marks.watch("the root key", rootKey);
  const root = await crypto.subtle.importKey("raw", rootKey, "HKDF", false, ["deriveBits"]);
  for (const purpose of ["wrap", "policy", "tag", "mac", "cipher"]) {
    const info = new TextEncoder().encode(`spike-edge/v1/${purpose}`);
    const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info };
    marks.watch(`the ${purpose} key`, new Uint8Array(await crypto.subtle.deriveBits(hkdf, root, 256)));
  }
}

const METHODS = ["log", "info", "warn", "error", "debug", "trace"] as const;

/** All that is printed past the log. Gives the console back. */
function watchConsole(see: (method: string, text: string) => void): () => void {
  const spies = METHODS.map((method) =>
    vi.spyOn(console, method).mockImplementation((...parts: readonly unknown[]) => {
      see(method, parts.map((part) => (typeof part === "string" ? part : inspect(part, { depth: 10 }))).join(" "));
    }),
  );
  return () => spies.forEach((spy) => spy.mockRestore());
}

async function answerOf(limit: (() => boolean) | undefined): Promise<{ readonly success: boolean }> {
  return await Promise.resolve({ success: limit?.() ?? true });
}

function bodyOf(body: unknown): RequestInit {
  if (body instanceof ReadableStream) return { body, duplex: "half" } as RequestInit;
  const ready = typeof body === "string" || body instanceof Uint8Array;
  return { body: ready ? Buffer.from(body as string) : JSON.stringify(body) };
}

/** Texts and bytes in a value, wherever they are in it. */
function leavesOf(value: unknown): readonly (string | Uint8Array)[] {
  if (typeof value === "string" || value instanceof Uint8Array) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}

/** Texts that values are made of: none of them is a canary until it is watched. */
export const VALUES: Readonly<Record<string, () => string>> = {
  "letters and digits": () => randomText(24),
  "bytes in place of characters": () => fromCodes(40, 0, 256),
  "characters of three bytes": () => fromCodes(30, 0x4e00, 20_000),
  "characters of four bytes": () => fromCodes(30, 0x1f300, 700),
};

export function fromCodes(length: number, first: number, count: number): string {
  const draws = crypto.getRandomValues(new Uint16Array(length));
  return Array.from(draws, (draw) => String.fromCodePoint(first + (draw % count))).join("");
}
