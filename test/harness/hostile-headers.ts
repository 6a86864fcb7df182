import * as fc from "fast-check";
import { edited, editedBytes, edits, mutated, position } from "./text-edits.ts";

/** The credentials that an attacker may hold, and valid ones that requests contain only in mutated form. */
export interface Credentials {
  /** Valid tokens of workloads without a permission. */
  readonly unprivilegedTokens: readonly string[];
  readonly invalidTokens: readonly string[];
  /** Valid tokens of permitted callers. They are always mutated. */
  readonly permittedTokens: readonly string[];
  /** Certificates that are invalid or without a permission, in DER. */
  readonly certificates: readonly Uint8Array[];
  /** Valid certificates of permitted callers, in DER. They are always mutated or sent without the proxy secret. */
  readonly permittedCertificates: readonly Uint8Array[];
  readonly proxySecret: string;
  /** An address that the rate limiter rejects. */
  readonly limitedAddress: string;
}

/** Headers with a token, a certificate, both, or an arbitrary combination. */
export function identityHeaders(credentials: () => Credentials): fc.Arbitrary<Readonly<Record<string, string>>> {
  const none = fc.constant(undefined);
  const oneOf = <T>(list: (from: Credentials) => readonly T[]): fc.Arbitrary<T> =>
    position.map((index) => {
      const all = list(credentials());
      return all[index % all.length]!;
    });
  const invalidToken = oneOf(({ invalidTokens }) => invalidTokens);
  const permittedToken = oneOf(({ permittedTokens }) => permittedTokens);
  const token = fc.oneof(
    { weight: 8, arbitrary: oneOf(({ unprivilegedTokens }) => unprivilegedTokens) },
    { weight: 4, arbitrary: invalidToken },
    { weight: 3, arbitrary: fc.tuple(permittedToken, edits).map(([text, by]) => mutated(text, by)) },
    {
      weight: 4,
      arbitrary: fc.tuple(permittedToken, position, position).map(([text, at, by]) => withOtherCharacter(text, at, by)),
    },
    {
      weight: 2,
      arbitrary: recombined(
        oneOf(({ permittedTokens, unprivilegedTokens }) => [...permittedTokens, ...unprivilegedTokens]),
      ),
    },
    fc.tuple(invalidToken, edits).map(([text, by]) => edited(text, by)),
    fc.string({ maxLength: 40 }),
  );
  const scheme = fc.oneof(
    { weight: 60, arbitrary: fc.constant("Bearer ") },
    fc.constantFrom("bearer ", "Bearer  ", "Bearer", "Basic ", "DPoP ", "", "Bearer\t", "Bearer x, Bearer "),
  );
  const authorization = fc.tuple(scheme, token).map(([name, text]) => `${name}${text}`);

  const certificateDer = oneOf(({ certificates }) => certificates);
  const permittedCertificate = oneOf(({ permittedCertificates }) => permittedCertificates);
  const certificate = fc.oneof(
    { weight: 4, arbitrary: certificateDer.map(toHeader) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(permittedCertificate, position, fc.integer({ min: 1, max: 255 }))
        .map(([der, at, by]) => toHeader(withOtherByte(der, at, by))),
    },
    { weight: 2, arbitrary: fc.tuple(permittedCertificate, edits).map(([der, by]) => toHeader(editedBytes(der, by))) },
    fc.tuple(certificateDer, edits).map(([der, by]) => edited(toHeader(der), by)),
    fc.uint8Array({ maxLength: 60 }).map(toHeader),
    fc.string({ maxLength: 40 }),
  );
  const chain = fc.oneof(
    { weight: 3, arbitrary: none },
    fc.array(certificateDer, { maxLength: 3 }).map((ders) => ders.map(toHeader).join(", ")),
    fc.tuple(certificateDer, edits).map(([der, by]) => edited(toHeader(der), by)),
  );
  const rightSecret = fc.nat({ max: 0 }).map(() => credentials().proxySecret);
  const wrongSecret = fc.oneof(
    edits.map((by) => mutated(credentials().proxySecret, by)),
    fc.constantFrom(undefined, ""),
  );
  const secret = fc.oneof({ weight: 6, arbitrary: rightSecret }, wrongSecret);
  const fromProxy = { "client-cert": certificate, "client-cert-chain": chain, "x-spike-proxy-secret": secret };
  const withoutProxy = { "client-cert": permittedCertificate.map(toHeader), "x-spike-proxy-secret": wrongSecret };
  const combination = fc.record(
    { authorization, "client-cert": certificate, "client-cert-chain": chain, "x-spike-proxy-secret": secret },
    { requiredKeys: [] },
  );
  return fc
    .oneof(
      { weight: 8, arbitrary: fc.record({ authorization }) },
      { weight: 5, arbitrary: fc.record(fromProxy) },
      { weight: 1, arbitrary: fc.record({ ...fromProxy, authorization }) },
      // Valid certificates without the secret that proves the proxy.
      { weight: 1, arbitrary: fc.record(withoutProxy) },
      { weight: 2, arbitrary: combination },
    )
    .map(sendable);
}

/** Replaces one character of a token by another base64url character. */
function withOtherCharacter(token: string, at: number, by: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const index = at % token.length;
  const letter = alphabet[(alphabet.indexOf(token[index] ?? "") + 1 + (by % 63)) % 64] ?? "";
  return token.slice(0, index) + letter + token.slice(index + 1);
}

function withOtherByte(der: Uint8Array, at: number, by: number): Uint8Array {
  return der.map((byte, index) => (index === at % der.length ? byte ^ by : byte));
}

/** A token whose segments come from two tokens. It never equals either of them. */
function recombined(token: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(token, token, fc.integer({ min: 1, max: 6 })).map(([one, other, bits]) => {
    const [ours, theirs] = [one.split("."), other.split(".")];
    const text = ours.map((part, index) => ((bits >> index) & 1 ? (theirs[index] ?? "") : part)).join(".");
    return text === one || text === other ? `${text}.${theirs[2] ?? ""}` : text;
  });
}

function toHeader(der: Uint8Array): string {
  return `:${Buffer.from(der).toString("base64")}:`;
}

/** Headers that do not identify the caller. */
export function otherHeaders(credentials: () => Credentials): fc.Arbitrary<Readonly<Record<string, string>>> {
  const text = fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom("x".repeat(300), "GET", "/v1/audit", "0", "-1"));
  const address = fc.oneof(
    { weight: 30, arbitrary: fc.constant("192.0.2.7") },
    fc.nat({ max: 0 }).map(() => credentials().limitedAddress),
  );
  const names = [
    "content-type",
    "idempotency-key",
    "traceparent",
    "x-http-method-override",
    "x-original-url",
    "x-forwarded-client-cert",
    "cf-connecting-ipv6",
    "accept-encoding",
    "expect",
  ];
  const length = fc.oneof(
    { weight: 20, arbitrary: fc.constant(undefined) },
    fc.constantFrom("0", "1", "99999999", "-1", "1e3", "x", "5, 5"),
  );
  return fc
    .record({ address, length, more: fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 3 }) })
    .map(({ address: from, length: declared, more }) =>
      sendable({ ...more, "cf-connecting-ip": from, "content-length": declared }),
    );
}

/** Removes omitted headers, and headers that no HTTP library would send. */
function sendable(headers: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/[^\t\x20-\xff]|\x7f/.test(entry[1]),
  );
  return Object.fromEntries(kept);
}
