import type { CallerTrust } from "../identity/caller.ts";
import type { TrustRoots } from "../identity/role.ts";
import type { Split } from "../recovery/deps.ts";
import type { KeySource } from "../seal/key-source.ts";
import type { BulkStore, WriteHeartbeat } from "../store/store.ts";
import type { Fetch } from "../trust/fetch-bundle.ts";
import type { CertificateSource } from "./client-certificate.ts";
import type { Platform } from "./platform.ts";
import type { RateLimits } from "./count-request.ts";

interface ReplicaReads {
  readonly maxStalenessMs: number;
  readonly storeId: string;
}

/** Everything that the composition root passes to the app. It does not change from one request to the next. */
export interface Service {
  readonly store: BulkStore;
  /** Undefined: the store has no heartbeat that others could see. */
  readonly writeHeartbeat: WriteHeartbeat | undefined;
  /** Set if reads may be served by the store's replica: how old, and of which store. */
  readonly replicaReads: ReplicaReads | undefined;
  /** The kind of `store`. Some operations need a store that outlives the process. */
  readonly backend: "libsql" | "memory" | "lite";
  readonly keys: KeySource;
  readonly trust: CallerTrust;
  readonly certificates: CertificateSource;
  readonly rateLimits: RateLimits;
  /** Used to fetch trust bundles, and for nothing else. */
  readonly fetch: Fetch;
  readonly roots: TrustRoots;
  /** Kept versions of a secret that sets no number of its own. */
  readonly keptVersions: number;
  /** How root keys are split into shares, and the highest number that a share may have. */
  readonly shamir: Split & { readonly maxShares: number };
  readonly maxBodyBytes: number;
  /** Size limit of a cipher API ciphertext in bytes, including its tag. */
  readonly maxCipherBytes: number;
  readonly requestTimeoutMs: number;
  readonly platform: Platform;
}
