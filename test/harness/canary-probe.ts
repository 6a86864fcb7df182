import { inspect } from "node:util";
import { vi } from "vitest";
import type { Platform } from "../../src/api/platform.ts";
import type { Service } from "../../src/api/service.ts";
import type { Store } from "../../src/store/store.ts";
import type { Output } from "./canaries.ts";

/** Failures around the service while it serves one request. */
export interface Faults {
  /** Throws instead of a load of the store. */
  readonly load?: () => never;
  /** Throws instead of a commit of the store. */
  readonly commit?: () => never;
  /** Throws instead of returning random bytes for keys, nonces and write ids. */
  readonly randomBytes?: () => never;
  /** Throws instead of returning the time. */
  readonly now?: () => never;
  /** Replaces the store. */
  readonly store?: Store;
  /** Rate limiters. `false` is "too many requests". */
  readonly limits?: { readonly address?: () => boolean; readonly identity?: () => boolean };
  /** Replaces the bundle endpoint. */
  readonly endpoint?: (url: string) => Response | Promise<Response>;
}

/** Connects a service to its environment, records what the service sends there, and injects faults. */
export interface Probe {
  readonly outputs: readonly Output[];
  readonly store: Store;
  readonly rateLimits: Service["rateLimits"];
  readonly fetch: Service["fetch"];
  readonly platform: Partial<Platform>;
  /** Records contents that left the service through a sink. */
  readonly record: (sink: string, ...contents: readonly (string | Uint8Array)[]) => void;
  /** Names the cause of the outputs that follow, for findings. */
  readonly setCause: (cause: string) => void;
  readonly setFaults: (faults: Faults) => void;
  /** The data keys that the service has drawn so far. */
  readonly dataKeys: () => readonly Uint8Array[];
}

export function createProbe(inner: Store): Probe {
  let faults: Faults = {};
  let during = "start";
  const outputs: Output[] = [];
  const record = (sink: string, ...contents: readonly (string | Uint8Array)[]): void => {
    for (const content of contents) outputs.push({ sink, during, bytes: Buffer.from(content as string) });
  };
  const drawn: Uint8Array[] = [];
  const writeIds = new Set<string | undefined>();
  const limiter = (limit: "address" | "identity") => ({
    async limit({ key }: { readonly key: string }) {
      record("rate limiter key", key);
      return await Promise.resolve({ success: faults.limits?.[limit]?.() ?? true });
    },
  });
  return {
    outputs,
    record,
    store: {
      async load(query, signal) {
        record("store query", ...leavesOf(query));
        writeIds.add(query.writeId);
        faults.load?.();
        return await (faults.store ?? inner).load(query, signal);
      },
      async commit(change, query, signal) {
        record("store change", ...leavesOf(change));
        record("store query", ...leavesOf(query));
        faults.commit?.();
        return await (faults.store ?? inner).commit(change, query, signal);
      },
    },
    rateLimits: { byAddress: limiter("address"), byIdentity: limiter("identity") },
    async fetch(url, init) {
      record("endpoint request", url, inspect(init, { depth: 5 }));
      return await (faults.endpoint ?? (() => new Response(null, { status: 404 })))(url);
    },
    platform: {
      sleep: async () => await Promise.resolve(),
      now() {
        faults.now?.();
        return Date.now();
      },
      randomBytes(length) {
        // 16 bytes are a trace id, which every request needs before it can fail.
        if (length !== 16) faults.randomBytes?.();
        const bytes = crypto.getRandomValues(new Uint8Array(length));
        if (length === 32) drawn.push(bytes.slice());
        return bytes;
      },
    },
    setCause: (cause) => void (during = cause),
    setFaults: (injected) => void (faults = injected),
    // The service draws 32 bytes only for data keys and write ids.
    dataKeys: () => drawn.filter((bytes) => !writeIds.has(Buffer.from(bytes).toString("base64url"))),
  };
}

const CONSOLE_METHODS = ["log", "info", "warn", "error", "debug", "trace"] as const;

/** Captures what is printed without the logger. Returns a function that restores the console. */
export function captureConsole(capture: (method: string, text: string) => void): () => void {
  const spies = CONSOLE_METHODS.map((method) =>
    vi.spyOn(console, method).mockImplementation((...parts: readonly unknown[]) => {
      capture(method, parts.map((part) => (typeof part === "string" ? part : inspect(part, { depth: 10 }))).join(" "));
    }),
  );
  return () => spies.forEach((spy) => spy.mockRestore());
}

/** All texts and byte arrays in a value, at any depth. */
function leavesOf(value: unknown): readonly (string | Uint8Array)[] {
  if (typeof value === "string" || value instanceof Uint8Array) return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(leavesOf) : [];
}
