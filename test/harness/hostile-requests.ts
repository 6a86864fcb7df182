import * as fc from "fast-check";
import { ROUTES } from "../../src/api/nexus/routes.ts";

/** What somebody sends who has no right to anything. */
export interface HostileRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** How the body comes: at once, in pieces, or never all of it. */
  readonly delivery: "whole" | "pieces" | "broken";
}

/** What a stranger may have got hold of, by a name each. */
export interface Loot {
  /** Tokens that are good, of workloads without a right. */
  readonly idleTokens: readonly string[];
  /** Tokens that are no good here. */
  readonly tokens: readonly string[];
  /** Tokens that are good, of those who have rights: only to be mutated. */
  readonly goodTokens: readonly string[];
  /** Certificates in DER that are no good here, or of workloads without a right. */
  readonly certificates: readonly Uint8Array[];
  /** Certificates that are good, of those who have rights: only to be mutated. */
  readonly goodCertificates: readonly Uint8Array[];
  readonly proxySecret: string;
  /** An address that has been turned away. */
  readonly limitedAddress: string;
}

const TARGETS = Object.entries(ROUTES).flatMap(([path, operations]) =>
  Object.keys(operations).map((action) => (action === "" ? path : `${path}?action=${action}`)),
);

/** A body with the members of all operations: what each of them does not know it ignores. */
const BODY = {
  path: "app/a",
  values: { v: "x" },
  version: 0,
  versions: [1],
  cas: 0,
  prefix: "app/",
  after: "a",
  limit: 5,
  name: "p",
  id: "p",
  spiffeidPattern: "^spiffe://d/a$",
  pathPattern: "^a/",
  permissions: ["read"],
  trustDomain: "partner.org",
  bundle: { keys: [] },
  endpointUrl: "https://partner.org/",
  endpointProfile: "https_web",
  resource: "secret:app/a",
  spiffeId: "spiffe://d/a",
  from: "2026-01-01T00:00:00Z",
  until: "2027-01-01T00:00:00Z",
  days: 7,
};
const MEMBERS = Object.keys(BODY);

/** @param loot looked into only when a request is made: tests fill it before they begin */
export function hostileRequests(loot: () => Loot): fc.Arbitrary<HostileRequest> {
  const { record } = fc;
  return record({ method, target, body, delivery, caller: callers(loot), more: moreHeaders(loot) }).map(
    ({ caller, more, ...rest }) => ({ ...rest, headers: { ...more, ...caller } }),
  );
}

const place = fc.nat({ max: 100_000 });
const WEIRD = [
  " ",
  "\t",
  "\0",
  "\n",
  "/",
  "//",
  "/../",
  "/./",
  "%2f",
  "%00",
  "%",
  "?",
  "&",
  "=",
  "#",
  ";",
  "\\",
  "é",
  "\u017F",
  "\u212A",
];
const letter = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Array.from('abcXYZ019-_.+:,"{}[]')) },
  fc.constantFrom(...WEIRD),
  fc.constantFrom("\ud800", "\u202e", "😀", "\uFEFF"),
);

interface Edit {
  readonly kind: "replace" | "insert" | "delete" | "double" | "cut" | "case" | "join";
  readonly at: number;
  readonly length: number;
  readonly text: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("replace", "insert", "delete", "double", "cut", "case", "join"),
  at: place,
  length: fc.integer({ min: 1, max: 20 }),
  text: letter,
});
const edits = fc.array(edit, { minLength: 1, maxLength: 3 });

function edited(text: string, by: readonly Edit[]): string {
  return by.reduce((before, { kind, at, length, text: other }) => {
    const start = at % (before.length + 1);
    const [head, part, tail] = [
      before.slice(0, start),
      before.slice(start, start + length),
      before.slice(start + length),
    ];
    switch (kind) {
      case "replace":
        return head + other + before.slice(start + 1);
      case "insert":
        return head + other + part + tail;
      case "delete":
        return head + tail;
      case "double":
        return head + part + part + tail;
      case "cut":
        return head;
      case "case":
        return head + (part === part.toUpperCase() ? part.toLowerCase() : part.toUpperCase()) + tail;
      case "join":
        return before + other + before;
    }
  }, text);
}

/** The same of bytes: each change leaves something else than there was. */
function editedBytes(bytes: Uint8Array, by: readonly Edit[]): Buffer {
  const text = Buffer.from(bytes).toString("latin1");
  const changed = edited(text, by);
  return Buffer.from(changed === text ? `${text}\0` : changed, "latin1");
}

const method = fc.oneof(
  { weight: 60, arbitrary: fc.constant("POST") },
  fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "LIST", "PROPFIND"),
);

/** What load balancers ask is open to all, and so not of this test. */
const OPEN = /^\/(?:healthz|readyz)(?:\?|$)/;

const target = fc
  .oneof(
    { weight: 24, arbitrary: fc.constantFrom(...TARGETS) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...TARGETS), edits).map(([text, by]) => edited(text, by)) },
    fc.tuple(fc.constantFrom(...TARGETS), fc.webQueryParameters()).map(([text, query]) => `${text}&${query}`),
    fc.webPath(),
  )
  .map((text) => (text.startsWith("/") ? text : `/${text}`))
  // "//host" is another host's to the URL class.
  .filter((text) => !OPEN.test(text) && URL.canParse(`http://edge.test${text}`));

const WRONG = [
  "null",
  "true",
  "1e999",
  "-0",
  "1.5",
  "9223372036854775808",
  "1".repeat(400),
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\u0000"',
  "[]",
  "{}",
  "[[[]]]",
  '{"a":{"b":null}}',
  `${"[".repeat(40)}${"]".repeat(40)}`,
  `${'{"a":'.repeat(40)}1${"}".repeat(40)}`,
  '{"a":1,"a":2}',
  '{"__proto__":{"x":1}}',
  `"${"x".repeat(600)}"`,
  `[${Array.from({ length: 200 }, () => '"x"').join()}]`,
];

/** Other contents of some members; `undefined` leaves one out. Text is what no serialiser would write. */
const contents = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom(...WRONG),
  fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  edits.map((by) => JSON.stringify(edited("app/a", by))),
);

const members = fc.array(
  fc.record({
    name: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...MEMBERS) },
      fc.constantFrom(...MEMBERS).map((name) => name.toUpperCase()),
      fc.constantFrom("__proto__", "constructor", "", "pat\\u0068", "\\u017Fpiffeid"),
    ),
    text: contents,
  }),
  { maxLength: 3 },
);

const json = members.map((changed) => {
  const names = new Set(changed.map(({ name }) => name));
  const kept = Object.entries(BODY).filter(([name]) => !names.has(name));
  const all = [
    ...kept.map(([name, value]) => [name, JSON.stringify(value)] as const),
    ...changed.map(({ name, text }) => [name, text] as const),
  ];
  return `{${all.flatMap(([name, text]) => (text === undefined ? [] : `"${name}":${text}`)).join()}}`;
});

/** Bodies that have the shape of all operations, about what is there and what is not. */
const good = fc
  .record({
    path: fc.oneof(
      { weight: 4, arbitrary: fc.constant("app/a") },
      fc.constantFrom("app/none", "a b", "spike/system/acl", ".*"),
      fc.string({ maxLength: 9 }),
    ),
    trustDomain: fc.constantFrom("partner.org", "new.org", "spike.ist", "X"),
    id: fc.constantFrom("p", "none", "/"),
  })
  .map((chosen) => JSON.stringify({ ...BODY, ...chosen }));

/** Texts that nobody means, where texts belong: the shape is right, so they get as far as whoever looks into them. */
const oddText = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("\ud800", "\udc00\ud800", "\0", "\n") },
  fc.constantFrom("(", "(?=x)", "a{1001}", "(a*)*", "^$", "😀", "x".repeat(600), "x".repeat(5000)),
  fc.string({ unit: "binary", maxLength: 12 }),
  edits.map((by) => edited("^spiffe://d/a$", by)),
);
const TEXTS = Object.entries(BODY).flatMap(([name, value]) => (typeof value === "string" ? [name] : []));
const texts = fc
  .dictionary(fc.constantFrom(...TEXTS, "permissions"), oddText, { minKeys: 1, maxKeys: 8 })
  .map(({ permissions, ...odd }) =>
    JSON.stringify({ ...BODY, ...odd, ...(permissions !== undefined && { permissions: [permissions] }) }),
  );

const body = fc
  .oneof(
    { weight: 14, arbitrary: good },
    { weight: 12, arbitrary: texts },
    { weight: 8, arbitrary: json },
    { weight: 3, arbitrary: fc.tuple(json, edits).map(([text, by]) => edited(text, by)) },
    { weight: 3, arbitrary: fc.tuple(json, edits).map(([text, by]) => editedBytes(Buffer.from(text), by)) },
    fc.uint8Array({ maxLength: 64 }),
    fc.constantFrom("", "null", "[]", "\uFEFF{}", "{}{}", `"${"x".repeat(20_000)}"`, "[".repeat(9000)),
  )
  .map((bytes) => new Uint8Array(Buffer.from(bytes as string)));

const delivery = fc.oneof(
  { weight: 20, arbitrary: fc.constant("whole" as const) },
  fc.constantFrom("pieces" as const, "broken" as const),
);

/** Headers that say who is calling: by token, by certificate, by both, or all at odds. */
function callers(loot: () => Loot): fc.Arbitrary<Readonly<Record<string, string>>> {
  const none = fc.constant(undefined);
  const any = <T>(list: (from: Loot) => readonly T[]): fc.Arbitrary<T> =>
    place.map((index) => {
      const all = list(loot());
      return all[index % all.length]!;
    });
  const [aToken, goodToken] = [any(({ tokens }) => tokens), any(({ goodTokens }) => goodTokens)];
  const token = fc.oneof(
    { weight: 8, arbitrary: any(({ idleTokens }) => idleTokens) },
    { weight: 4, arbitrary: aToken },
    { weight: 3, arbitrary: fc.tuple(goodToken, edits).map(([text, by]) => mutated(text, by)) },
    { weight: 4, arbitrary: fc.tuple(goodToken, place, place).map(([text, at, by]) => otherLetter(text, at, by)) },
    { weight: 2, arbitrary: swapped(any(({ goodTokens, idleTokens }) => [...goodTokens, ...idleTokens])) },
    fc.tuple(aToken, edits).map(([text, by]) => edited(text, by)),
    fc.string({ maxLength: 40 }),
  );
  const scheme = fc.oneof(
    { weight: 60, arbitrary: fc.constant("Bearer ") },
    fc.constantFrom("bearer ", "Bearer  ", "Bearer", "Basic ", "DPoP ", "", "Bearer\t", "Bearer x, Bearer "),
  );
  const authorization = fc.tuple(scheme, token).map(([name, text]) => `${name}${text}`);

  const aCertificate = any(({ certificates }) => certificates);
  const goodCertificate = any(({ goodCertificates }) => goodCertificates);
  const certificate = fc.oneof(
    { weight: 4, arbitrary: aCertificate.map(toHeader) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(goodCertificate, place, fc.integer({ min: 1, max: 255 }))
        .map(([der, at, by]) => toHeader(otherByte(der, at, by))),
    },
    { weight: 2, arbitrary: fc.tuple(goodCertificate, edits).map(([der, by]) => toHeader(editedBytes(der, by))) },
    fc.tuple(aCertificate, edits).map(([der, by]) => edited(toHeader(der), by)),
    fc.uint8Array({ maxLength: 60 }).map(toHeader),
    fc.string({ maxLength: 40 }),
  );
  const chain = fc.oneof(
    { weight: 3, arbitrary: none },
    fc.array(aCertificate, { maxLength: 3 }).map((ders) => ders.map(toHeader).join(", ")),
    fc.tuple(aCertificate, edits).map(([der, by]) => edited(toHeader(der), by)),
  );
  const rightSecret = fc.nat({ max: 0 }).map(() => loot().proxySecret);
  const wrongSecret = fc.oneof(
    edits.map((by) => mutated(loot().proxySecret, by)),
    fc.constantFrom(undefined, ""),
  );
  const secret = fc.oneof({ weight: 6, arbitrary: rightSecret }, wrongSecret);
  const certified = { "client-cert": certificate, "client-cert-chain": chain, "x-spike-proxy-secret": secret };
  const uncertified = { "client-cert": goodCertificate.map(toHeader), "x-spike-proxy-secret": wrongSecret };
  const odds = fc.record(
    { authorization, "client-cert": certificate, "client-cert-chain": chain, "x-spike-proxy-secret": secret },
    { requiredKeys: [] },
  );
  return fc
    .oneof(
      { weight: 8, arbitrary: fc.record({ authorization }) },
      { weight: 5, arbitrary: fc.record(certified) },
      { weight: 1, arbitrary: fc.record({ ...certified, authorization }) },
      // Good ones, that nobody vouches for.
      { weight: 1, arbitrary: fc.record(uncertified) },
      { weight: 2, arbitrary: odds },
    )
    .map(sendable);
}

/** Another letter of base64url in one place of a token. */
function otherLetter(token: string, at: number, by: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const index = at % token.length;
  const letter = alphabet[(alphabet.indexOf(token[index] ?? "") + 1 + (by % 63)) % 64] ?? "";
  return token.slice(0, index) + letter + token.slice(index + 1);
}

function otherByte(der: Uint8Array, at: number, by: number): Uint8Array {
  return der.map((byte, index) => (index === at % der.length ? byte ^ by : byte));
}

/** Changed for certain. A header's ends are trimmed: what differs in nothing else is the same. */
function mutated(text: string, by: readonly Edit[]): string {
  const changed = edited(text, by);
  return changed.trim() === text ? `${text}x` : changed;
}

/** The three parts of a token, each of one of two; never all of one. */
function swapped(token: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(token, token, fc.integer({ min: 1, max: 6 })).map(([one, other, bits]) => {
    const [ours, theirs] = [one.split("."), other.split(".")];
    const text = ours.map((part, index) => ((bits >> index) & 1 ? (theirs[index] ?? "") : part)).join(".");
    return text === one || text === other ? `${text}.${theirs[2] ?? ""}` : text;
  });
}

function toHeader(der: Uint8Array): string {
  return `:${Buffer.from(der).toString("base64")}:`;
}

function moreHeaders(loot: () => Loot): fc.Arbitrary<Readonly<Record<string, string>>> {
  const text = fc.oneof(fc.string({ maxLength: 30 }), fc.constantFrom("x".repeat(300), "GET", "/v1/audit", "0", "-1"));
  const address = fc.oneof(
    { weight: 30, arbitrary: fc.constant("192.0.2.7") },
    fc.nat({ max: 0 }).map(() => loot().limitedAddress),
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

/** Without those that are left out, and those that no HTTP client gets past its own library. */
function sendable(headers: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  const able = Object.entries(headers).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !/[^\t\x20-\xff]|\x7f/.test(entry[1]),
  );
  return Object.fromEntries(able);
}
