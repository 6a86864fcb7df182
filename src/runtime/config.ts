import type { RateLimiter, RateLimits } from "../api/count-request.ts";
import type { BundleKeys } from "../identity/bundle/trust-bundle.ts";
import type { TrustRoots } from "../identity/role.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";
import { parseRootKeys } from "../seal/root-key.ts";
import { anyText, databaseUrl, hostNames, oneOf, type Parse, proxySecrets } from "./parse-setting.ts";
import { trustBundles, trustDomains, wholeNumber } from "./parse-setting.ts";
import { combine, invalid, type Setting, valid } from "./setting.ts";

/** The parsed environment. */
export interface Config {
  readonly store:
    | { readonly kind: "libsql"; readonly url: string; readonly authToken: string | undefined }
    | { readonly kind: "memory" }
    /** Nothing is stored. Only the operations that need nothing but the root key are available. */
    | { readonly kind: "lite" };
  readonly rootKeys:
    | { readonly kind: "text"; readonly text: string }
    /** A binding of Cloudflare's Secrets Store. */
    | { readonly kind: "binding"; readonly get: () => Promise<string> };
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

/** The environment is not a valid configuration. Each problem names a setting and never quotes its value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot read the configuration: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

type Env = Readonly<Record<string, unknown>>;

const MIB = 1024 * 1024;

/** Parses every setting, and reports the problems of all of them. @throws ConfigError */
export function parseConfig(env: Env): Config {
  const text = <T>(name: string, parse: Parse<T>, absent: string): Setting<T> => textSetting(env, name, parse, absent);
  const config = combine<Config>({
    store: parseStore(env),
    rootKeys: parseKeys(env),
    bundles: text("SPIKE_TRUST_BUNDLES", trustBundles, "{}"),
    tokens: combine<Config["tokens"]>({
      audience: text("SPIKE_AUDIENCE", anyText, "spike-nexus"),
      leewaySeconds: text("SPIKE_JWT_LEEWAY_SECONDS", wholeNumber(0, 60), "30"),
      maxLifetimeSeconds: text("SPIKE_JWT_MAX_LIFETIME_SECONDS", wholeNumber(60, 31_536_000), "86400"),
      severalAudiences: text("SPIKE_JWT_SEVERAL_AUDIENCES", oneOf("accept", "refuse"), "accept"),
    }),
    certificates: parseCertificates(env),
    rateLimits: combine<RateLimits>({
      byAddress: rateLimiter(env, "SPIKE_RATE_LIMIT_BY_ADDRESS"),
      byIdentity: rateLimiter(env, "SPIKE_RATE_LIMIT_BY_IDENTITY"),
    }),
    roots: combine<TrustRoots>({
      pilot: text("SPIKE_TRUST_ROOT_PILOT", trustDomains, "spike.ist"),
      nexus: text("SPIKE_TRUST_ROOT_NEXUS", trustDomains, "spike.ist"),
      bootstrap: text("SPIKE_TRUST_ROOT_BOOTSTRAP", trustDomains, "spike.ist"),
      liteWorkload: text("SPIKE_TRUST_ROOT_LITE_WORKLOAD", trustDomains, "spike.ist"),
    }),
    shamir: parseShamir(env),
    keptVersions: text("SPIKE_NEXUS_MAX_SECRET_VERSIONS", wholeNumber(1, 100_000), "10"),
    maxBodyBytes: text("SPIKE_MAX_BODY_BYTES", wholeNumber(1024, 8 * MIB), String(MIB)),
    maxCipherBytes: text("SPIKE_NEXUS_CRYPTO_MAX_CIPHERTEXT_SIZE", wholeNumber(1024, 4 * MIB), "65536"),
    requestTimeoutMs: text("SPIKE_REQUEST_TIMEOUT_MS", wholeNumber(100, 25_000), "8000"),
  });
  if (!config.ok) throw new ConfigError(config.problems);
  return config.value;
}

/** Parses a text setting. `absent` is its text if it is not set or empty; without `absent` it is required. */
function textSetting<T>(env: Env, name: string, parse: Parse<T>, absent?: string): Setting<T> {
  const found = env[name];
  const text = found === undefined || found === "" ? absent : found;
  if (text === undefined) return invalid(`${name} is not set`);
  if (typeof text !== "string") return invalid(`${name} must be text`);
  const parsed = parse(text);
  return parsed.ok ? parsed : { ok: false, problems: parsed.problems.map((problem) => `${name} ${problem}`) };
}

function parseStore(env: Env): Setting<Config["store"]> {
  const backend = oneOf("libsql", "sqlite", "memory", "lite");
  const kind = textSetting(env, "SPIKE_NEXUS_BACKEND_STORE", (text) => backend(text.toLowerCase()), "libsql");
  if (!kind.ok) return kind;
  if (kind.value === "memory" || kind.value === "lite") return valid({ kind: kind.value });
  const url = textSetting(env, "LIBSQL_URL", databaseUrl);
  if (!url.ok) return url;
  const authToken = textSetting(env, "LIBSQL_AUTH_TOKEN", anyText, "");
  if (!authToken.ok) return authToken;
  return valid({ kind: "libsql", url: url.value, authToken: authToken.value === "" ? undefined : authToken.value });
}

/** The keys as text, or as a binding of the Secrets Store, which is read on each request. */
function parseKeys(env: Env): Setting<Config["rootKeys"]> {
  const name = "SPIKE_ROOT_KEYS";
  const found = env[name];
  if (isSecretBinding(found)) return valid({ kind: "binding", get: async () => await found.get() });
  return textSetting(env, name, (text) => {
    const parsed = parseRootKeys(text);
    return parsed.ok ? valid({ kind: "text", text } as const) : invalid(parsed.problem);
  });
}

function isSecretBinding(value: unknown): value is { get(): Promise<string> } {
  return typeof value === "object" && value !== null && "get" in value && typeof value.get === "function";
}

/** No source is trusted by default: a trusted party that is not needed could impersonate any identity. */
function parseCertificates(env: Env): Setting<Config["certificates"]> {
  const kind = textSetting(env, "SPIKE_CLIENT_CERTIFICATES", oneOf("none", "cloudflare", "proxy"), "none");
  if (!kind.ok) return kind;
  switch (kind.value) {
    case "none":
      return valid({ kind: "none" });
    case "cloudflare": {
      const hosts = textSetting(env, "SPIKE_CLIENT_CERTIFICATE_HOSTS", hostNames);
      return hosts.ok ? valid({ kind: "cloudflare", hosts: hosts.value }) : hosts;
    }
    case "proxy": {
      const secrets = textSetting(env, "SPIKE_PROXY_SECRETS", proxySecrets);
      return secrets.ok ? valid({ kind: "proxy", secrets: secrets.value }) : secrets;
    }
  }
}

/** A binding of the platform, which is an object and not text. */
function rateLimiter(env: Env, name: string): Setting<RateLimiter | undefined> {
  const found = env[name];
  if (found === undefined) return valid(undefined);
  return isRateLimiter(found) ? valid(found) : invalid(`${name} must be a rate limiting binding`);
}

function isRateLimiter(value: unknown): value is RateLimiter {
  return typeof value === "object" && value !== null && "limit" in value && typeof value.limit === "function";
}

/** SPIKE's own settings, so that its programs and this service split keys alike. */
function parseShamir(env: Env): Setting<Config["shamir"]> {
  const count = wholeNumber(2, 1000);
  const shamir = combine<Config["shamir"]>({
    threshold: textSetting(env, "SPIKE_NEXUS_SHAMIR_THRESHOLD", count, "2"),
    shares: textSetting(env, "SPIKE_NEXUS_SHAMIR_SHARES", count, "3"),
    maxShares: textSetting(env, "SPIKE_NEXUS_SHAMIR_MAX_SHARE_COUNT", count, "1000"),
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
