import { isRecord } from "../../json/is-record.ts";
import { importJWK, type CryptoKey } from "jose";
import { type BundleAuthorityRefusal, readBundleAuthority } from "./bundle-authority.ts";
import { readBundleKey, type BundleKey, type BundleKeyRefusal } from "./bundle-key.ts";
import type { JwtSvidAlgorithm } from "../jwt/jwt-svid-algorithm.ts";
import { parseStrictJson } from "../../json/strict-json.ts";
import type { Certificate } from "../x509/certificate.ts";

/** An entry of a bundle that is ignored: its index in `keys`, and why. Safe to log. */
interface IgnoredEntry {
  readonly entry: number;
  readonly reason: BundleKeyRefusal | BundleAuthorityRefusal | "not-an-object" | "key-id-repeated" | "import";
}

/** A parsed bundle whose keys are not imported yet. */
export interface BundleKeys {
  readonly ok: true;
  readonly keys: readonly (BundleKey & { readonly entry: number })[];
  /** The authorities that may sign X.509-SVIDs of this trust domain, and of no other. */
  readonly authorities: readonly Certificate[];
  readonly ignored: readonly IgnoredEntry[];
  /** `spiffe_sequence`. Newer bundles have a higher one; a store must refuse a lower one. */
  readonly sequence: bigint | undefined;
  /** `spiffe_refresh_hint` in seconds, from 0 on. A malformed hint counts as absent. */
  readonly refreshHint: number | undefined;
}

export type ParsedBundle = BundleKeys | { readonly ok: false; readonly problem: string };

/** A bundle whose keys are imported. */
export interface TrustBundle extends Pick<BundleKeys, "authorities" | "ignored" | "sequence" | "refreshHint"> {
  /** The JWT-SVID keys by `kid`, then by the algorithm each is imported for. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<JwtSvidAlgorithm, CryptoKey>>;
}

/** The members of private and symmetric keys that public keys do not have (RFC 7518, sections 6.2.2, 6.3.2 and 6.4). */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;

/**
 * Parses a SPIFFE bundle (SPIFFE Trust Domain and Bundle, section 4), given as JSON text or as parsed JSON. Prefer text:
 * only then are duplicate members found, and a `spiffe_sequence` of any size is exact.
 *
 * Keeps the entries for JWT-SVIDs ({@link readBundleKey}) and for X.509-SVIDs ({@link readBundleAuthority}) and ignores
 * the others, as the standard demands. A bundle without entries is valid and trusts no one.
 *
 * Two entries with the same `kid` are both ignored. Choosing one would be a guess, and refusing the bundle would keep its
 * predecessor in force, with the keys that this one revokes.
 *
 * A private key in any entry refuses the bundle: anyone who can read the bundle could sign for the trust domain, so the
 * key must be replaced. A `problem` names the entry by its index and quotes nothing.
 */
export function parseTrustBundle(json: unknown): ParsedBundle {
  const document = typeof json === "string" ? parseText(json) : json;
  if (!isRecord(document)) return { ok: false, problem: "is not one JSON object without duplicate members" };
  const entries: unknown = document["keys"];
  if (!Array.isArray(entries)) return { ok: false, problem: 'has no array "keys"' };
  const leak = entries.findIndex(holdsPrivateKey);
  if (leak >= 0) return { ok: false, problem: `entry ${leak} of "keys" holds a private key: it must be replaced` };
  const sequence = readSequence(document["spiffe_sequence"]);
  if (sequence === "malformed") return { ok: false, problem: '"spiffe_sequence" is not an exact integer from 0 on' };
  return { ok: true, ...readEntries(entries), sequence, refreshHint: readHint(document["spiffe_refresh_hint"]) };
}

/**
 * Imports each key of a bundle once for every algorithm that it may verify, so that requests need not.
 *
 * A key that cannot be imported (a point off the curve, a curve that this runtime lacks) is added to the ignored entries:
 * it must not lock out the whole domain. Never rejects.
 */
export async function importTrustBundle(parsed: BundleKeys): Promise<TrustBundle> {
  const keys = new Map<string, ReadonlyMap<JwtSvidAlgorithm, CryptoKey>>();
  const ignored = [...parsed.ignored];
  for (const key of parsed.keys) {
    const imported = await importKey(key);
    if (imported.size > 0) keys.set(key.kid, imported);
    else ignored.push({ entry: key.entry, reason: "import" });
  }
  const { authorities, sequence, refreshHint } = parsed;
  return { keys, authorities, ignored, sequence, refreshHint };
}

function parseText(text: string): unknown {
  const parsed = parseStrictJson(text);
  return parsed.ok ? parsed.value : undefined;
}

function holdsPrivateKey(entry: unknown): boolean {
  return isRecord(entry) && PRIVATE_MEMBERS.some((name) => Object.hasOwn(entry, name));
}

/** Refuses numbers that are not safe integers: without the text, their digits are lost. */
function readSequence(value: unknown): bigint | undefined | "malformed" {
  if (value === undefined) return undefined;
  const exact = typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
  return typeof exact === "bigint" && exact >= 0n ? exact : "malformed";
}

function readHint(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function readEntries(entries: readonly unknown[]): Pick<BundleKeys, "keys" | "authorities" | "ignored"> {
  const authorities: Certificate[] = [];
  const found: BundleKeys["keys"][number][] = [];
  const ignored: IgnoredEntry[] = [];
  for (const [entry, value] of entries.entries()) {
    if (!isRecord(value)) ignored.push({ entry, reason: "not-an-object" });
    else if (value["use"] === "x509-svid") {
      const authority = readBundleAuthority(value);
      if (typeof authority === "string") ignored.push({ entry, reason: authority });
      else authorities.push(authority);
    } else {
      const key = readBundleKey(value);
      if (typeof key === "string") ignored.push({ entry, reason: key });
      else found.push({ ...key, entry });
    }
  }
  const count = new Map<string, number>();
  for (const { kid } of found) count.set(kid, (count.get(kid) ?? 0) + 1);
  const keys = found.filter(({ kid }) => count.get(kid) === 1);
  const repeated = found.filter(({ kid }) => count.get(kid) !== 1);
  ignored.push(...repeated.map(({ entry }) => ({ entry, reason: "key-id-repeated" as const })));
  return { keys, authorities, ignored: ignored.sort((a, b) => a.entry - b.entry) };
}

async function importKey(key: BundleKey): Promise<ReadonlyMap<JwtSvidAlgorithm, CryptoKey>> {
  const imported = new Map<JwtSvidAlgorithm, CryptoKey>();
  for (const alg of key.algorithms) {
    try {
      const cryptoKey = await importJWK(key.jwk, alg);
      if (!(cryptoKey instanceof Uint8Array)) imported.set(alg, cryptoKey);
    } catch {
      // Ignored: the error may quote the key, and the missing import is reported.
    }
  }
  return imported;
}
