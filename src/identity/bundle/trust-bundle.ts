import { importJWK, type CryptoKey } from "jose";
import { type BundleAuthorityRefusal, readBundleAuthority } from "./bundle-authority.ts";
import { readBundleKey, type BundleKey, type BundleKeyRefusal } from "./bundle-key.ts";
import type { JwtSvidAlgorithm } from "../jwt/jwt-svid-algorithm.ts";
import { parseStrictJson } from "../../json/strict-json.ts";
import type { Certificate } from "../x509/certificate.ts";

/** An entry of a bundle that is of no use here, by its place in `keys` from 0, and why. Safe to log. */
interface IgnoredEntry {
  readonly entry: number;
  readonly reason: BundleKeyRefusal | BundleAuthorityRefusal | "not-an-object" | "key-id-repeated" | "import";
}

/** A bundle that was read, its keys not yet imported. */
export interface BundleKeys {
  readonly ok: true;
  readonly keys: readonly (BundleKey & { readonly entry: number })[];
  /** Who may sign X.509-SVIDs of the trust domain; of no other. */
  readonly authorities: readonly Certificate[];
  readonly ignored: readonly IgnoredEntry[];
  /** `spiffe_sequence`: a newer bundle has a higher one, and a store must refuse a lower one. */
  readonly sequence: bigint | undefined;
  /** `spiffe_refresh_hint` as it was given, in seconds from 0 on. One that is malformed counts as none: it is a hint. */
  readonly refreshHint: number | undefined;
}

export type ParsedBundle = BundleKeys | { readonly ok: false; readonly problem: string };

/** A bundle that is ready for use. */
export interface TrustBundle extends Pick<BundleKeys, "authorities" | "ignored" | "sequence" | "refreshHint"> {
  /** The JWT-SVID keys by `kid`, then by the algorithm each is imported for. */
  readonly keys: ReadonlyMap<string, ReadonlyMap<JwtSvidAlgorithm, CryptoKey>>;
}

/** RFC 7518, sections 6.2.2, 6.3.2 and 6.4: what a private or symmetric key has and a public one lacks. */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] as const;

/**
 * Reads a SPIFFE bundle (SPIFFE Trust Domain and Bundle, section 4), given as JSON text or as what `JSON.parse` made of
 * one. Text is better: duplicate members are seen, and a `spiffe_sequence` of any size is exact.
 *
 * Keeps the entries for JWT-SVIDs ({@link readBundleKey}) and for X.509-SVIDs ({@link readBundleAuthority}). An entry of
 * another kind is ignored, as the standard has it, never a reason to fail. No entry left is a valid bundle: it trusts nobody.
 *
 * Of two kept entries with one `kid` both are ignored. A choice between them would be a guess, and refusing the bundle
 * would leave its predecessor in force, with the keys that this one revokes.
 *
 * A private key in any entry refuses the bundle, since whoever can read the bundle can then sign as anybody: that key
 * has to be replaced, not ignored. A `problem` names the entry by its place and quotes nothing.
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
 * Imports the keys of a bundle, each once for every algorithm that fits it, so that no request has to.
 *
 * A key that can't be imported (a point off the curve, a curve that this runtime lacks) joins the ignored entries: one
 * such key must not lock out the whole domain. Never rejects.
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function holdsPrivateKey(entry: unknown): boolean {
  return isRecord(entry) && PRIVATE_MEMBERS.some((name) => Object.hasOwn(entry, name));
}

/** A number too large for a double has lost digits already, unless the text was at hand. */
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
      // Reported by its absence; the error may quote the key.
    }
  }
  return imported;
}
