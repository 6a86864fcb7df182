import { type BundleKeys, parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import { parseTrustDomain, type TrustDomain } from "../identity/spiffe-id.ts";
import { parseStrictJson } from "../json/strict-json.ts";
import { invalid, type Setting, valid } from "./setting.ts";

/** Parses the text of a setting. Problems begin with a verb: the caller puts the setting's name in front. */
export type Parse<T> = (text: string) => Setting<T>;

export const anyText: Parse<string> = valid;

/** One of `words`. */
export function oneOf<const Word extends string>(...words: readonly [Word, ...Word[]]): Parse<Word> {
  return (text) => {
    const word = words.find((known) => known === text);
    return word === undefined ? invalid(`must be ${words.slice(0, -1).join(", ")} or ${words.at(-1)}`) : valid(word);
  };
}

export function wholeNumber(min: number, max: number): Parse<number> {
  return (text) => {
    const number = Number(text);
    const isInRange = /^\d{1,9}$/.test(text) && number >= min && number <= max;
    return isInRange ? valid(number) : invalid(`must be a whole number from ${min} to ${max}`);
  };
}

function split(text: string): readonly string[] {
  return text.split(",").map((entry) => entry.trim());
}

export function hostNames(text: string): Setting<readonly string[]> {
  const hosts = split(text);
  const areValid = hosts.every((host) => /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(host));
  return areValid ? valid(hosts) : invalid("must be a comma-separated list of host names in lower case");
}

export function trustDomains(text: string): Setting<readonly TrustDomain[]> {
  const domains = split(text).map(parseTrustDomain);
  const known = domains.filter((domain) => domain !== undefined);
  return known.length === domains.length ? valid(known) : invalid("must be a comma-separated list of trust domains");
}

/** Secrets with as many random characters as a key has bytes, because attempts to guess them are not limited. */
export function proxySecrets(text: string): Setting<readonly string[]> {
  const secrets = split(text);
  const areStrong = secrets.length <= 4 && secrets.every((secret) => /^[\x21-\x7e]{32,256}$/.test(secret));
  return areStrong
    ? valid(secrets)
    : invalid("must be a comma-separated list of 1 to 4 secrets of 32 to 256 visible ASCII characters");
}

export function databaseUrl(text: string): Setting<string> {
  if (!URL.canParse(text)) return invalid("must be a URL");
  const { protocol, username, password, search, hash } = new URL(text);
  if (!["libsql:", "https:", "http:"].includes(protocol)) return invalid("must be a libsql:, https: or http: URL");
  // Credentials have a setting of their own, which nothing logs. The driver refuses any query or fragment.
  if (username !== "" || password !== "" || search !== "" || hash !== "") {
    return invalid("must not have a user, a query or a fragment: put credentials into LIBSQL_AUTH_TOKEN");
  }
  return valid(text);
}

export function trustBundles(text: string): Setting<ReadonlyMap<TrustDomain, BundleKeys>> {
  const json = parseStrictJson(text);
  if (!json.ok) return invalid(`must be valid JSON: ${json.reason}`);
  if (typeof json.value !== "object" || json.value === null || Array.isArray(json.value)) {
    return invalid("must be a JSON object of trust domains");
  }
  const bundles = new Map<TrustDomain, BundleKeys>();
  for (const [index, [name, bundle]] of Object.entries(json.value).entries()) {
    const domain = parseTrustDomain(name);
    if (domain === undefined) return invalid(`must name a trust domain in member ${index + 1}`);
    const parsed = parseTrustBundle(bundle);
    if (!parsed.ok) return invalid(`has an invalid bundle for "${domain}": ${parsed.problem}`);
    bundles.set(domain, parsed);
  }
  return valid(bundles);
}
