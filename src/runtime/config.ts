import type { RateLimits } from "../api/count-request.ts";
import { type BundleKeys, parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { TrustRoots } from "../identity/role.ts";
import { parseStrictJson } from "../json/strict-json.ts";
import { parseTrustDomain, type TrustDomain } from "../identity/spiffe-id.ts";
import { parseRootKeys } from "../seal/root-key.ts";

/** The environment, parsed once. */
export interface Config {
  readonly store:
    | { readonly kind: "libsql"; readonly url: string; readonly authToken: string | undefined }
    | { readonly kind: "memory" }
    /** Nothing is stored: the cipher API, and what keeps its key. */
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
  readonly keptVersions: number;
  readonly shamir: { readonly threshold: number; readonly shares: number; readonly maxShares: number };
  readonly maxBodyBytes: number;
  readonly maxCipherBytes: number;
  readonly requestTimeoutMs: number;
}

/** The environment does not make a configuration. Each problem names its variable and never quotes a value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Cannot read the configuration: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

type Env = Readonly<Record<string, unknown>>;

type Setting<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

/** Reads every setting and reports all problems at once. @throws ConfigError */
export function parseConfig(env: Env): Config {
  const domains = (name: string) => setting(env, name, parseDomains, "spike.ist");
  const settings = {
    store: parseStore(env),
    rootKeys: parseKeys(env),
    bundles: setting(env, "SPIKE_TRUST_BUNDLES", parseBundles, "{}"),
    audience: setting(env, "SPIKE_AUDIENCE", asIs, "spike-nexus"),
    leewaySeconds: setting(env, "SPIKE_JWT_LEEWAY_SECONDS", wholeNumber(0, 60), "30"),
    maxLifetimeSeconds: setting(env, "SPIKE_JWT_MAX_LIFETIME_SECONDS", wholeNumber(60, 31_536_000), "86400"),
    severalAudiences: setting(env, "SPIKE_JWT_SEVERAL_AUDIENCES", parseSeveral, "accept"),
    certificates: parseCertificates(env),
    limitByAddress: limiter(env, "SPIKE_RATE_LIMIT_BY_ADDRESS"),
    limitByIdentity: limiter(env, "SPIKE_RATE_LIMIT_BY_IDENTITY"),
    pilot: domains("SPIKE_TRUST_ROOT_PILOT"),
    nexus: domains("SPIKE_TRUST_ROOT_NEXUS"),
    bootstrap: domains("SPIKE_TRUST_ROOT_BOOTSTRAP"),
    liteWorkload: domains("SPIKE_TRUST_ROOT_LITE_WORKLOAD"),
    shamir: parseShamir(env),
    keptVersions: setting(env, "SPIKE_NEXUS_MAX_SECRET_VERSIONS", wholeNumber(1, 100_000), "10"),
    maxBodyBytes: setting(env, "SPIKE_MAX_BODY_BYTES", wholeNumber(1024, 8 * MIB), String(MIB)),
    maxCipherBytes: setting(env, "SPIKE_NEXUS_CRYPTO_MAX_CIPHERTEXT_SIZE", wholeNumber(1024, 4 * MIB), "65536"),
    requestTimeoutMs: setting(env, "SPIKE_REQUEST_TIMEOUT_MS", wholeNumber(100, 25_000), "8000"),
  };
  const problems = Object.values(settings).flatMap((found) => (found.ok ? [] : [found.problem]));
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    store: valueOf(settings.store),
    rootKeys: valueOf(settings.rootKeys),
    bundles: valueOf(settings.bundles),
    tokens: {
      audience: valueOf(settings.audience),
      leewaySeconds: valueOf(settings.leewaySeconds),
      maxLifetimeSeconds: valueOf(settings.maxLifetimeSeconds),
      severalAudiences: valueOf(settings.severalAudiences),
    },
    certificates: valueOf(settings.certificates),
    rateLimits: { byAddress: valueOf(settings.limitByAddress), byIdentity: valueOf(settings.limitByIdentity) },
    roots: {
      pilot: valueOf(settings.pilot),
      nexus: valueOf(settings.nexus),
      bootstrap: valueOf(settings.bootstrap),
      liteWorkload: valueOf(settings.liteWorkload),
    },
    shamir: valueOf(settings.shamir),
    keptVersions: valueOf(settings.keptVersions),
    maxBodyBytes: valueOf(settings.maxBodyBytes),
    maxCipherBytes: valueOf(settings.maxCipherBytes),
    requestTimeoutMs: valueOf(settings.requestTimeoutMs),
  };
}

const MIB = 1024 * 1024;

type Parse<T> = (value: string) => Setting<T>;

function setting<T>(env: Env, name: string, parse: Parse<T>, absent?: string): Setting<T> {
  const found = env[name];
  const value = found === undefined || found === "" ? absent : found;
  if (value === undefined) return problem(`${name} is not set`);
  if (typeof value !== "string") return problem(`${name} is not text`);
  const parsed = parse(value);
  return parsed.ok ? parsed : problem(`${name} ${parsed.problem}`);
}

function problem(text: string): { readonly ok: false; readonly problem: string } {
  return { ok: false, problem: text };
}

function good<T>(value: T): Setting<T> {
  return { ok: true, value };
}

function valueOf<T>(found: Setting<T>): T {
  if (!found.ok) throw new ConfigError([found.problem]);
  return found.value;
}

function parseStore(env: Env): Setting<Config["store"]> {
  const kind = setting(env, "SPIKE_NEXUS_BACKEND_STORE", parseKind, "libsql");
  if (!kind.ok) return kind;
  if (kind.value !== "libsql") return good({ kind: kind.value });
  const url = setting(env, "LIBSQL_URL", parseDatabaseUrl);
  if (!url.ok) return url;
  const authToken = setting(env, "LIBSQL_AUTH_TOKEN", asIs, "");
  if (!authToken.ok) return authToken;
  return good({ kind: "libsql", url: url.value, authToken: authToken.value === "" ? undefined : authToken.value });
}

function asIs(value: string): Setting<string> {
  return good(value);
}

function parseKind(value: string): Setting<Config["store"]["kind"]> {
  switch (value.toLowerCase()) {
    case "libsql":
    case "sqlite":
      return good("libsql");
    case "memory":
      return good("memory");
    case "lite":
      return good("lite");
    default:
      return problem("is none of libsql, sqlite, memory and lite");
  }
}

function parseSeveral(value: string): Setting<"accept" | "refuse"> {
  return value === "accept" || value === "refuse" ? good(value) : problem("is neither accept nor refuse");
}

/** Each source has to be named: whoever is believed without need can make himself anybody. */
function parseCertificates(env: Env): Setting<Config["certificates"]> {
  const kind = setting(env, "SPIKE_CLIENT_CERTIFICATES", parseCertificateSource, "none");
  if (!kind.ok) return kind;
  switch (kind.value) {
    case "none":
      return good({ kind: "none" });
    case "cloudflare": {
      const hosts = setting(env, "SPIKE_CLIENT_CERTIFICATE_HOSTS", parseHosts);
      return hosts.ok ? good({ kind: "cloudflare", hosts: hosts.value }) : hosts;
    }
    case "proxy": {
      const secrets = setting(env, "SPIKE_PROXY_SECRETS", parseProxySecrets);
      return secrets.ok ? good({ kind: "proxy", secrets: secrets.value }) : secrets;
    }
  }
}

function parseCertificateSource(value: string): Setting<Config["certificates"]["kind"]> {
  const known = value === "none" || value === "cloudflare" || value === "proxy";
  return known ? good(value) : problem("is none of none, cloudflare and proxy");
}

function parseHosts(value: string): Setting<readonly string[]> {
  const hosts = value.split(",").map((host) => host.trim());
  const named = hosts.every((host) => /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(host));
  return named ? good(hosts) : problem("is no comma-separated list of host names in lower case");
}

/** As many random characters as a key has bytes: guessing is not to be limited here. */
function parseProxySecrets(value: string): Setting<readonly string[]> {
  const secrets = value.split(",").map((secret) => secret.trim());
  const strong = secrets.length <= 4 && secrets.every((secret) => /^[\x21-\x7e]{32,256}$/.test(secret));
  return strong
    ? good(secrets)
    : problem("is no comma-separated list of 1 to 4 secrets of 32 to 256 visible characters");
}

/** A binding of the platform, which comes as an object. */
function limiter(env: Env, name: string): Setting<RateLimits["byAddress"]> {
  const found = env[name];
  if (found === undefined) return good(undefined);
  return isLimiter(found) ? good(found) : problem(`${name} is no rate limiting binding`);
}

function isLimiter(value: unknown): value is NonNullable<RateLimits["byAddress"]> {
  return typeof value === "object" && value !== null && "limit" in value && typeof value.limit === "function";
}

function parseDatabaseUrl(value: string): Setting<string> {
  if (!URL.canParse(value)) return problem("is not a URL");
  const url = new URL(value);
  if (!["libsql:", "https:", "http:"].includes(url.protocol)) return problem("is no libsql:, https: or http: URL");
  // Credentials have a setting of their own, where nothing logs them; the driver refuses whatever else stands there.
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    return problem("has a user, a query or a fragment: credentials belong into LIBSQL_AUTH_TOKEN");
  }
  return good(value);
}

/** Text, or a binding of the Secrets Store, which is asked for it with each request. */
function parseKeys(env: Env): Setting<Config["rootKeys"]> {
  const name = "SPIKE_ROOT_KEYS";
  const found = env[name];
  if (isSecret(found)) return good({ kind: "binding", get: async () => await found.get() });
  return setting(env, name, (text) => {
    const parsed = parseRootKeys(text);
    return parsed.ok ? good({ kind: "text", text } as const) : parsed;
  });
}

function isSecret(value: unknown): value is { get(): Promise<string> } {
  return typeof value === "object" && value !== null && "get" in value && typeof value.get === "function";
}

function parseBundles(value: string): Setting<ReadonlyMap<TrustDomain, BundleKeys>> {
  const json = parseStrictJson(value);
  if (!json.ok) return problem(`is refused as JSON: ${json.reason}`);
  if (typeof json.value !== "object" || json.value === null || Array.isArray(json.value)) {
    return problem("is no JSON object of trust domains");
  }
  const bundles = new Map<TrustDomain, BundleKeys>();
  for (const [index, [name, bundle]] of Object.entries(json.value).entries()) {
    const domain = parseTrustDomain(name);
    if (domain === undefined) return problem(`names no trust domain in member ${index + 1}`);
    const parsed = parseTrustBundle(bundle);
    if (!parsed.ok) return problem(`has no usable bundle for "${domain}": it ${parsed.problem}`);
    bundles.set(domain, parsed);
  }
  return good(bundles);
}

/** Upstream's names, which count for how keys are dealt out by its own programs too. */
function parseShamir(env: Env): Setting<Config["shamir"]> {
  const whole = wholeNumber(2, 1000);
  const threshold = setting(env, "SPIKE_NEXUS_SHAMIR_THRESHOLD", whole, "2");
  const shares = setting(env, "SPIKE_NEXUS_SHAMIR_SHARES", whole, "3");
  const maxShares = setting(env, "SPIKE_NEXUS_SHAMIR_MAX_SHARE_COUNT", whole, "1000");
  if (!threshold.ok) return threshold;
  if (!shares.ok) return shares;
  if (!maxShares.ok) return maxShares;
  if (threshold.value > shares.value) {
    return problem("SPIKE_NEXUS_SHAMIR_THRESHOLD is more than SPIKE_NEXUS_SHAMIR_SHARES: no key could be restored");
  }
  return shares.value > maxShares.value
    ? problem("SPIKE_NEXUS_SHAMIR_SHARES is more than SPIKE_NEXUS_SHAMIR_MAX_SHARE_COUNT")
    : good({ threshold: threshold.value, shares: shares.value, maxShares: maxShares.value });
}

function parseDomains(value: string): Setting<readonly TrustDomain[]> {
  const domains = value.split(",").map((entry) => parseTrustDomain(entry.trim()));
  const known = domains.filter((domain) => domain !== undefined);
  return known.length === domains.length ? good(known) : problem("is no comma-separated list of trust domains");
}

function wholeNumber(least: number, most: number): Parse<number> {
  return (value) => {
    const number = Number(value);
    const inRange = /^\d{1,9}$/.test(value) && number >= least && number <= most;
    return inRange ? good(number) : problem(`is no whole number from ${least} to ${most}`);
  };
}
