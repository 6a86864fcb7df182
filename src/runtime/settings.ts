import {
  audience,
  backendStore,
  bearerToken,
  databaseUrl,
  type Format,
  hostNames,
  oneOf,
  proxySecrets,
  storeId,
} from "./formats.ts";
import { rateLimiter, rootKeys, trustBundles, trustDomains, wholeNumber } from "./formats.ts";

/**
 * Everything about one setting. Tests compare the rows with README.md, `.dev.vars.example`, wrangler.toml and
 * worker-configuration.d.ts.
 */
export interface SettingRow<T> {
  /** How a worker gets the setting. Commands read it from their environment. */
  readonly kind: "variable" | "secret" | "binding";
  readonly format: Format<T>;
  /** The text that is parsed if the setting is not set. Without it the value is `undefined`. */
  readonly default?: string;
  /** For README.md. */
  readonly meaning: string;
  /** `npm run dev`: passes the developer's value on, decides the value itself, or leaves it unset. */
  readonly dev: "passes on" | "decides" | "leaves unset";
}

const MIB = 1024 * 1024;

/**
 * The settings of the service. White space and quotes around a text are removed, and an empty text counts as not set.
 */
export const SETTINGS = {
  LIBSQL_URL: {
    kind: "variable",
    format: databaseUrl("LIBSQL_AUTH_TOKEN"),
    meaning: "The database. `libsql:` means `https:`, or `http:` with `?tls=0`",
    dev: "decides",
  },
  LIBSQL_AUTH_TOKEN: {
    kind: "secret",
    format: bearerToken,
    meaning: "The token of the database",
    dev: "decides",
  },
  LIBSQL_ALLOW_PLAINTEXT: {
    kind: "variable",
    format: oneOf("0", "1"),
    default: "0",
    meaning: "`1` allows the token to be sent without TLS to another machine. Only for private networks",
    dev: "leaves unset",
  },
  LIBSQL_URL_IS_PRIMARY: {
    kind: "variable",
    format: oneOf("0", "1"),
    default: "0",
    meaning:
      "`1`: `LIBSQL_URL` never leads to a [replica](docs/replication.md). Saves the step that makes a replica forward a read to its primary",
    dev: "decides",
  },
  LIBSQL_REPLICA_URL: {
    kind: "variable",
    format: databaseUrl("LIBSQL_REPLICA_AUTH_TOKEN"),
    meaning:
      "A [replica](docs/replication.md) near the worker. Writes are decided on it, and committed at `LIBSQL_URL`",
    dev: "decides",
  },
  LIBSQL_REPLICA_AUTH_TOKEN: {
    kind: "secret",
    format: bearerToken,
    meaning: "The token of the replica, if it is not `LIBSQL_AUTH_TOKEN`",
    dev: "leaves unset",
  },
  SPIKE_REPLICA_READS: {
    kind: "variable",
    format: oneOf("0", "1"),
    default: "0",
    meaning: "`1`: reads come from the replica too, as old as `SPIKE_REPLICA_MAX_STALENESS_MS`",
    dev: "decides",
  },
  SPIKE_REPLICA_MAX_STALENESS_MS: {
    kind: "variable",
    format: wholeNumber(100, 3_600_000),
    default: "120000",
    meaning: "How old a read from the replica may be, in milliseconds",
    dev: "passes on",
  },
  SPIKE_STORE_ID: {
    kind: "variable",
    format: storeId,
    meaning:
      "The id of the store, as `spike operator status` prints it. Required for reads from the replica, which might be a copy of another store",
    dev: "decides",
  },
  SPIKE_ROOT_KEYS: {
    kind: "secret",
    format: rootKeys,
    meaning:
      "Root keys. Each has 32 bytes that, as a big-endian number, are below the order of the curve P-256; 32 random bytes almost always are. Can be a [Secrets Store binding](docs/operations.md#root-keys)",
    dev: "decides",
  },
  SPIKE_NEXUS_BACKEND_STORE: {
    kind: "variable",
    format: backendStore,
    default: "libsql",
    meaning:
      "`sqlite` is the same as `libsql`; `memory` is for development only; `lite` stores nothing and only encrypts",
    dev: "leaves unset",
  },
  SPIKE_TRUST_BUNDLES: {
    kind: "variable",
    format: trustBundles,
    default: "{}",
    meaning: "Bundles of other domains can be [stored](docs/operations.md#trust-domains) instead",
    dev: "decides",
  },
  SPIKE_AUDIENCE: {
    kind: "variable",
    format: audience,
    default: "spike-nexus",
    meaning: "The audience that every JWT-SVID must have. Each deployment needs its own",
    dev: "decides",
  },
  SPIKE_JWT_MAX_LIFETIME_SECONDS: {
    kind: "variable",
    format: wholeNumber(60, 31_536_000),
    default: "86400",
    meaning: "The longest accepted token lifetime, from `iat` or now, whichever is earlier",
    dev: "passes on",
  },
  SPIKE_JWT_LEEWAY_SECONDS: {
    kind: "variable",
    format: wholeNumber(0, 60),
    default: "30",
    meaning: "Tolerance for clock differences",
    dev: "passes on",
  },
  SPIKE_JWT_SEVERAL_AUDIENCES: {
    kind: "variable",
    format: oneOf("accept", "refuse"),
    default: "accept",
    meaning: "`refuse` rejects tokens that are also valid for other services",
    dev: "passes on",
  },
  SPIKE_CLIENT_CERTIFICATES: {
    kind: "variable",
    format: oneOf("none", "cloudflare", "proxy"),
    default: "none",
    meaning: "Who verifies [client certificates](docs/operations.md#client-certificates) at the TLS handshake",
    dev: "leaves unset",
  },
  SPIKE_CLIENT_CERTIFICATE_HOSTS: {
    kind: "variable",
    format: hostNames,
    meaning: "With `cloudflare`: the hosts that request certificates",
    dev: "leaves unset",
  },
  SPIKE_PROXY_SECRETS: {
    kind: "secret",
    format: proxySecrets,
    meaning: "With `proxy`: what the proxy sends in `X-Spike-Proxy-Secret`",
    dev: "leaves unset",
  },
  SPIKE_RATE_LIMIT_BY_ADDRESS: {
    kind: "binding",
    format: rateLimiter,
    meaning: "[Limits requests](docs/operations.md#rate-limits) of each client address",
    dev: "leaves unset",
  },
  SPIKE_RATE_LIMIT_BY_IDENTITY: {
    kind: "binding",
    format: rateLimiter,
    meaning: "[Limits requests](docs/operations.md#rate-limits) of each SPIFFE ID",
    dev: "leaves unset",
  },
  SPIKE_TRUST_ROOT_PILOT: {
    kind: "variable",
    format: trustDomains,
    default: "spike.ist",
    meaning: "Trust domains of the superuser and of the recover and restore roles",
    dev: "decides",
  },
  SPIKE_TRUST_ROOT_NEXUS: {
    kind: "variable",
    format: trustDomains,
    default: "spike.ist",
    meaning: "Trust domains of `/spike/nexus`",
    dev: "passes on",
  },
  SPIKE_TRUST_ROOT_BOOTSTRAP: {
    kind: "variable",
    format: trustDomains,
    default: "spike.ist",
    meaning: "Trust domains of `/spike/bootstrap`",
    dev: "passes on",
  },
  SPIKE_TRUST_ROOT_LITE_WORKLOAD: {
    kind: "variable",
    format: trustDomains,
    default: "spike.ist",
    meaning: "Trust domains of `/spike/workload/role/lite`",
    dev: "passes on",
  },
  SPIKE_NEXUS_MAX_SECRET_VERSIONS: {
    kind: "variable",
    format: wholeNumber(1, 10_000),
    default: "10",
    meaning: "Number of versions that a new secret keeps. A secret keeps the number that was set when it was created",
    dev: "passes on",
  },
  SPIKE_NEXUS_SHAMIR_THRESHOLD: {
    kind: "variable",
    format: wholeNumber(2, 1000),
    default: "2",
    meaning: "Number of shares that restore a root key",
    dev: "passes on",
  },
  SPIKE_NEXUS_SHAMIR_SHARES: {
    kind: "variable",
    format: wholeNumber(2, 1000),
    default: "3",
    meaning: "Number of shares of a root key",
    dev: "passes on",
  },
  SPIKE_NEXUS_SHAMIR_MAX_SHARE_COUNT: {
    kind: "variable",
    format: wholeNumber(2, 1000),
    default: "1000",
    meaning: "The highest accepted share number; `SPIKE_NEXUS_SHAMIR_SHARES` cannot be larger",
    dev: "passes on",
  },
  SPIKE_NEXUS_CRYPTO_MAX_CIPHERTEXT_SIZE: {
    kind: "variable",
    format: wholeNumber(1024, 4 * MIB),
    default: "65536",
    meaning: "Maximum bytes of a ciphertext with its tag. As base64, it must also fit into the request body",
    dev: "passes on",
  },
  SPIKE_MAX_BODY_BYTES: {
    kind: "variable",
    format: wholeNumber(1024, 8 * MIB),
    default: String(MIB),
    meaning: "Maximum bytes of a request body; larger bodies get 413",
    dev: "passes on",
  },
  SPIKE_REQUEST_TIMEOUT_MS: {
    kind: "variable",
    format: wholeNumber(100, 25_000),
    default: "8000",
    meaning:
      "Deadline of a request in milliseconds. A database request that [hangs](docs/operations.md#when-the-database-fails) is repeated within it",
    dev: "passes on",
  },
} as const satisfies Readonly<Record<string, SettingRow<unknown>>>;

export type SettingName = keyof typeof SETTINGS;

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
