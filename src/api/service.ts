import type { CallerTrust } from "../identity/caller.ts";
import type { TrustRoots } from "../identity/role.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { KeySource, Keys } from "../seal/key-source.ts";
import type { Split } from "../recovery/deps.ts";
import type { BulkStore } from "../store/store.ts";
import type { Fetch } from "../trust/fetch-bundle.ts";
import type { AuditLine } from "./audit-line.ts";
import type { CertificateSource } from "./client-certificate.ts";
import type { Log } from "./log.ts";

import type { RateLimits } from "./rate-limit.ts";

/** The world that a composition root hands to the doors. Nothing in it changes from one request to the next. */
export interface Service {
  readonly store: BulkStore;
  /** Where things are kept: some operations are none without a store that lasts. */
  readonly backend: "libsql" | "memory" | "lite";
  readonly keys: KeySource;
  readonly trust: CallerTrust;
  readonly certificates: CertificateSource;
  readonly rateLimits: RateLimits;
  /** Fetches trust bundles, and nothing else. */
  readonly fetch: Fetch;
  readonly roots: TrustRoots;
  readonly keptVersions: number;
  /** How root keys are split into shares, and the highest number that a share may have. */
  readonly shamir: Split & { readonly maxShares: number };
  readonly maxBodyBytes: number;
  /** Bytes that a ciphertext of the cipher API may have, its tag included. */
  readonly maxCipherBytes: number;
  readonly requestTimeoutMs: number;
  readonly platform: Platform;
}

/** A service with the keys of one request. */
export interface KeyedService extends Service {
  readonly ring: KeyRing;
  readonly rootKeys: Extract<Keys, { readonly ok: true }>["roots"];
}

/** Time, chance and output. */
export interface Platform {
  /** Milliseconds since the epoch, by the worker's clock. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Operational lines: what the operator has to look after. */
  log: Log;
  /** One line for each request. */
  audit(line: AuditLine): void;
}
