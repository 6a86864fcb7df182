import type { RateLimits } from "../api/count-request.ts";
import type { BundleKeys } from "../identity/bundle/trust-bundle.ts";
import type { TrustRoots } from "../identity/role.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";
import { type Database, parseDatabase, sendsTokenInPlainText } from "./database.ts";
import type { RootKeys } from "./formats.ts";
import { combine, invalid, type Parsed, valid } from "./parsed.ts";
import { type Env, readSettings, required, type Settings } from "./read-settings.ts";

interface ReplicaConfig {
  readonly database: Database;
  /** How old reads may be. Undefined: reads are never served by the replica. */
  readonly reads: { readonly maxStalenessMs: number; readonly storeId: string } | undefined;
}

/** The parsed environment. */
export interface Config {
  readonly store:
    | {
        readonly kind: "libsql";
        readonly database: Database;
        /** `LIBSQL_URL` leads to the primary itself. */
        readonly isPrimary: boolean;
        readonly replica: ReplicaConfig | undefined;
      }
    | { readonly kind: "memory" }
    /** Nothing is stored. Only the operations that need nothing but the root key are available. */
    | { readonly kind: "lite" };
  readonly rootKeys: RootKeys;
  readonly bundles: ReadonlyMap<TrustDomain, BundleKeys>;
  readonly tokens: {
    readonly audience: string;
    readonly leewaySeconds: number;
    readonly maxLifetimeSeconds: number;
    readonly severalAudiences: "accept" | "refuse";
  };
  readonly certificates:
    | { readonly kind: "none" }
    | { readonly kind: "cloudflare"; readonly hosts: readonly string[] }
    | { readonly kind: "proxy"; readonly secrets: readonly string[] };
  readonly rateLimits: RateLimits;
  readonly roots: TrustRoots;
  readonly shamir: { readonly threshold: number; readonly shares: number; readonly maxShares: number };
  readonly keptVersions: number;
  readonly maxBodyBytes: number;
  readonly maxCipherBytes: number;
  readonly requestTimeoutMs: number;
}

/** Parses every setting that is used. Each problem names a setting and its rule, and never quotes a value. */
export function parseConfig(env: Env): Parsed<Config> {
  const settings = readSettings(env);
  return combine<Config>({
    store: parseStore(settings),
    rootKeys: required("SPIKE_ROOT_KEYS", settings.SPIKE_ROOT_KEYS),
    bundles: settings.SPIKE_TRUST_BUNDLES,
    tokens: combine<Config["tokens"]>({
      audience: settings.SPIKE_AUDIENCE,
      leewaySeconds: settings.SPIKE_JWT_LEEWAY_SECONDS,
      maxLifetimeSeconds: settings.SPIKE_JWT_MAX_LIFETIME_SECONDS,
      severalAudiences: settings.SPIKE_JWT_SEVERAL_AUDIENCES,
    }),
    certificates: parseCertificates(settings),
    rateLimits: combine<RateLimits>({
      byAddress: settings.SPIKE_RATE_LIMIT_BY_ADDRESS,
      byIdentity: settings.SPIKE_RATE_LIMIT_BY_IDENTITY,
    }),
    roots: combine<TrustRoots>({
      pilot: settings.SPIKE_TRUST_ROOT_PILOT,
      nexus: settings.SPIKE_TRUST_ROOT_NEXUS,
      bootstrap: settings.SPIKE_TRUST_ROOT_BOOTSTRAP,
      liteWorkload: settings.SPIKE_TRUST_ROOT_LITE_WORKLOAD,
    }),
    shamir: parseShamir(settings),
    keptVersions: settings.SPIKE_NEXUS_MAX_SECRET_VERSIONS,
    maxBodyBytes: settings.SPIKE_MAX_BODY_BYTES,
    maxCipherBytes: settings.SPIKE_NEXUS_CRYPTO_MAX_CIPHERTEXT_SIZE,
    requestTimeoutMs: settings.SPIKE_REQUEST_TIMEOUT_MS,
  });
}

function parseStore(settings: Settings): Parsed<Config["store"]> {
  const kind = settings.SPIKE_NEXUS_BACKEND_STORE;
  if (!kind.ok) return kind;
  if (kind.value !== "libsql") return valid({ kind: kind.value });
  const parsed = combine({
    database: parseDatabase(settings),
    isPrimary: settings.LIBSQL_URL_IS_PRIMARY,
    replica: parseReplica(settings),
  });
  if (!parsed.ok) return parsed;
  const { database, isPrimary, replica } = parsed.value;
  return valid({ kind: "libsql", database, isPrimary: isPrimary === "1", replica });
}

function parseReplica(settings: Settings): Parsed<ReplicaConfig | undefined> {
  const { LIBSQL_AUTH_TOKEN: ownToken, LIBSQL_ALLOW_PLAINTEXT: allowPlaintext } = settings;
  // Their problems are those of the primary.
  if (!ownToken.ok || !allowPlaintext.ok) return valid(undefined);
  const given = combine({
    url: settings.LIBSQL_REPLICA_URL,
    authToken: settings.LIBSQL_REPLICA_AUTH_TOKEN,
    reads: settings.SPIKE_REPLICA_READS,
    maxStalenessMs: settings.SPIKE_REPLICA_MAX_STALENESS_MS,
    storeId: settings.SPIKE_STORE_ID,
  });
  if (!given.ok) return given;
  const { url, authToken = ownToken.value, reads, maxStalenessMs, storeId } = given.value;
  if (url === undefined) {
    return reads === "1" ? invalid("SPIKE_REPLICA_READS needs LIBSQL_REPLICA_URL, which is not set") : valid(undefined);
  }
  const database = { url, authToken };
  if (sendsTokenInPlainText(database, allowPlaintext.value)) {
    return invalid(
      "LIBSQL_REPLICA_URL must use TLS, because a token would be sent in plain text: use libsql: or https:, or set LIBSQL_ALLOW_PLAINTEXT to 1 in a private network",
    );
  }
  if (reads === "0") return valid({ database, reads: undefined });
  if (storeId === undefined) {
    return invalid("SPIKE_STORE_ID is not set, and SPIKE_REPLICA_READS needs it: spike operator status prints it");
  }
  return valid({ database, reads: { maxStalenessMs, storeId } });
}

/** No source is trusted by default: a trusted party that is not needed could impersonate any identity. */
function parseCertificates(settings: Settings): Parsed<Config["certificates"]> {
  const kind = settings.SPIKE_CLIENT_CERTIFICATES;
  if (!kind.ok) return kind;
  switch (kind.value) {
    case "none":
      return valid({ kind: "none" });
    case "cloudflare": {
      const hosts = required("SPIKE_CLIENT_CERTIFICATE_HOSTS", settings.SPIKE_CLIENT_CERTIFICATE_HOSTS);
      return hosts.ok ? valid({ kind: "cloudflare", hosts: hosts.value }) : hosts;
    }
    case "proxy": {
      const secrets = required("SPIKE_PROXY_SECRETS", settings.SPIKE_PROXY_SECRETS);
      return secrets.ok ? valid({ kind: "proxy", secrets: secrets.value }) : secrets;
    }
  }
}

/** SPIKE's own settings, so that its programs and this service split keys alike. */
function parseShamir(settings: Settings): Parsed<Config["shamir"]> {
  const shamir = combine<Config["shamir"]>({
    threshold: settings.SPIKE_NEXUS_SHAMIR_THRESHOLD,
    shares: settings.SPIKE_NEXUS_SHAMIR_SHARES,
    maxShares: settings.SPIKE_NEXUS_SHAMIR_MAX_SHARE_COUNT,
  });
  if (!shamir.ok) return shamir;
  const { threshold, shares, maxShares } = shamir.value;
  if (threshold > shares) {
    return invalid("SPIKE_NEXUS_SHAMIR_THRESHOLD must not exceed SPIKE_NEXUS_SHAMIR_SHARES: no key could be restored");
  }
  return shares > maxShares
    ? invalid("SPIKE_NEXUS_SHAMIR_SHARES must not exceed SPIKE_NEXUS_SHAMIR_MAX_SHARE_COUNT")
    : shamir;
}
