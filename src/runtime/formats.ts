import type { RateLimiter } from "../api/count-request.ts";
import { type BundleKeys, parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import { parseTrustDomain, type TrustDomain } from "../identity/spiffe-id.ts";
import { isRecord } from "../json/is-record.ts";
import { parseStrictJson } from "../json/strict-json.ts";
import { parseRootKeys } from "../seal/root-key.ts";
import { clean } from "./clean.ts";
import { invalid, type Parsed, valid } from "./parsed.ts";
import { formatServerUrl, parseServerUrl } from "./server-url.ts";

/** The format of a setting. Problems begin with a verb: the reader of the setting puts its name in front. */
export interface Format<T> {
  /** Completes "must be …", here and in README.md. */
  readonly rule: string;
  /** Gets the text without white space and quotes around it. It is never empty. */
  parse(text: string): Parsed<T>;
  /** Reads a binding, an object of the platform. Without this function the setting must be text. */
  bind?(binding: object): T | undefined;
  /** Quotes around the text are kept, because they can be a part of the value. */
  readonly keepsQuotes?: boolean;
}

/** The root keys as text, or as a binding of Cloudflare's Secrets Store, which is read for each request. */
export type RootKeys =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "binding"; readonly get: () => Promise<string> };

/** A format that its rule describes completely. `read` returns `undefined` for a text that breaks the rule. */
function ruled<T>(rule: string, read: (text: string) => T | undefined, keepsQuotes = false): Format<T> {
  return {
    rule,
    keepsQuotes,
    parse(text) {
      const value = read(text);
      return value === undefined ? invalid(`must be ${rule}`) : valid(value);
    },
  };
}

/** One of `words`. */
export function oneOf<const Word extends string>(...words: readonly [Word, ...Word[]]): Format<Word> {
  const rule = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  return ruled(rule, (text) => words.find((known) => known === text));
}

export function wholeNumber(min: number, max: number): Format<number> {
  return ruled(`a whole number from ${min} to ${max}`, (text) => {
    const number = Number(text);
    return /^\d{1,9}$/.test(text) && number >= min && number <= max ? number : undefined;
  });
}

/** In any case, as in SPIKE. */
export const backendStore = ruled("libsql, sqlite, memory or lite", (text) => {
  const name = text.toLowerCase();
  if (name === "libsql" || name === "sqlite") return "libsql";
  return name === "memory" || name === "lite" ? name : undefined;
});

/** With an invisible character it would differ from the `aud` of every token. */
export const audience = ruled("text without control or invisible characters", (text) =>
  /[\p{Cc}\p{Cf}\u2028\u2029]/u.test(text) ? undefined : text,
);

/** Sent in a header, after `Bearer`. */
export const bearerToken = ruled("visible ASCII characters without blanks", (text) =>
  /^[\x21-\x7e]+$/.test(text) ? text : undefined,
);

export const storeId = ruled("32 hexadecimal digits in lower case", (text) =>
  /^[\da-f]{32}$/.test(text) ? text : undefined,
);

export const hostNames = ruled("host names in lower case, comma-separated", (text) => {
  const hosts = split(text);
  return hosts.every((host) => /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(host)) ? hosts : undefined;
});

export const trustDomains = ruled<readonly TrustDomain[]>("trust domains in lower case, comma-separated", (text) => {
  const domains = split(text).map(parseTrustDomain);
  const known = domains.filter((domain) => domain !== undefined);
  return known.length === domains.length ? known : undefined;
});

/**
 * Secrets with as many random characters as a key has bytes, because attempts to guess them are not limited. Quotes are
 * refused and not removed: they can be a part of the secret, and then the proxy sends them.
 */
export const proxySecrets = ruled(
  "1 to 4 secrets of 32 to 256 visible ASCII characters, comma-separated, without quotes around them",
  (text) => {
    const secrets = split(text);
    const areStrong = secrets.every((secret) => /^(?!(["']).*\1$)[\x21-\x7e]{32,256}$/.test(secret));
    return areStrong && secrets.length <= 4 && !/^(["']).*\1$/s.test(text) ? secrets : undefined;
  },
  true,
);

/**
 * The address of a libSQL server for the driver: an `https:` or `http:` URL without a query. `libsql:` means `https:`, and with
 * `?tls=0` it means `http:`.
 */
/** @param tokenSetting the setting for the token, which must not be in the URL */
export const databaseUrl = (
  tokenSetting: "LIBSQL_AUTH_TOKEN" | "LIBSQL_REPLICA_AUTH_TOKEN",
): Readonly<Format<string>> => ({
  rule: "a libsql:, https: or http: URL, without a query except ?tls=0 or ?tls=1",
  parse(text) {
    const credentials = `${tokenSetting} for the token`;
    const parsed = parseServerUrl(text, { schemes: ["libsql", "https", "http"], credentials });
    if (!parsed.ok) return parsed;
    const { scheme, url, query } = parsed.value;
    if (query !== undefined && query !== "tls=0" && query !== "tls=1") {
      return invalid(`must not have a query except ?tls=0 or ?tls=1: use ${credentials}`);
    }
    if (scheme === "https" && query === "tls=0") return invalid("must not be https: with ?tls=0: they contradict");
    if (scheme === "http" && query === "tls=1") return invalid("must not be http: with ?tls=1: they contradict");
    // Parsed again, because the URL of another scheme has lost an explicit port 443.
    if (scheme === "libsql" && query === "tls=0")
      return databaseUrl(tokenSetting).parse(`http${text.slice(scheme.length)}`);
    return valid(formatServerUrl(url));
  },
});

export const rootKeys: Readonly<Format<RootKeys>> = {
  rule: "1 to 16 keys as id:base64url, comma-separated, the newest first",
  parse(text) {
    const parsed = parseRootKeys(text);
    return parsed.ok ? valid({ kind: "text", text }) : invalid(parsed.problem);
  },
  bind: (binding) =>
    isSecretBinding(binding) ? { kind: "binding", get: async () => clean(await binding.get()) ?? "" } : undefined,
};

function isSecretBinding(binding: object): binding is { get(): Promise<string> } {
  return "get" in binding && typeof binding.get === "function";
}

export const rateLimiter: Readonly<Format<RateLimiter>> = {
  rule: "a rate limiting binding",
  parse: () => invalid("must be a rate limiting binding"),
  bind: (binding) => (isRateLimiter(binding) ? binding : undefined),
};

function isRateLimiter(binding: object): binding is RateLimiter {
  return "limit" in binding && typeof binding.limit === "function";
}

export const trustBundles: Readonly<Format<ReadonlyMap<TrustDomain, BundleKeys>>> = {
  rule: "a JSON object that maps each trust domain to its SPIFFE bundle",
  parse(text) {
    const json = parseStrictJson(text);
    if (!json.ok) return invalid(`must be valid JSON: ${json.reason}`);
    if (!isRecord(json.value)) return invalid("must be a JSON object of trust domains");
    const bundles = new Map<TrustDomain, BundleKeys>();
    for (const [index, [name, bundle]] of Object.entries(json.value).entries()) {
      const domain = parseTrustDomain(name);
      if (domain === undefined) return invalid(`must name a trust domain in member ${index + 1}`);
      const parsed = parseTrustBundle(bundle);
      if (!parsed.ok) return invalid(`has an invalid bundle for "${domain}": ${parsed.problem}`);
      bundles.set(domain, parsed);
    }
    return valid(bundles);
  },
};

function split(text: string): readonly string[] {
  return text.split(",").map((entry) => entry.trim());
}
