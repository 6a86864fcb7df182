import * as fc from "fast-check";
import { OPERATIONS } from "../../src/api/nexus/operations.ts";
import { type Credentials, identityHeaders, otherHeaders } from "./hostile-headers.ts";
import { edited, editedBytes, edits } from "./text-edits.ts";

/** A request of an attacker without any permission. */
export interface HostileRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  /** How the body arrives: as a whole, in pieces, or with a connection reset. */
  readonly delivery: "whole" | "pieces" | "reset";
}

const TARGETS = Object.entries(OPERATIONS).flatMap(([path, operations]) =>
  Object.keys(operations).map((action) => (action === "" ? path : `${path}?action=${action}`)),
);

/** A body with the members of all operations. Each operation ignores unknown members. */
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

/** @param credentials called when a request is generated, so that a test can create them in `beforeAll` */
export function hostileRequests(credentials: () => Credentials): fc.Arbitrary<HostileRequest> {
  const { record } = fc;
  return record({
    method,
    target,
    body,
    delivery,
    identity: identityHeaders(credentials),
    other: otherHeaders(credentials),
  }).map(({ identity, other, ...rest }) => ({ ...rest, headers: { ...other, ...identity } }));
}

const method = fc.oneof(
  { weight: 60, arbitrary: fc.constant("POST") },
  fc.constantFrom("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "LIST", "PROPFIND"),
);

/** Health checks are public, so they are not hostile. */
const HEALTH_CHECK = /^\/(?:healthz|readyz)(?:\?|$)/;

const target = fc
  .oneof(
    { weight: 24, arbitrary: fc.constantFrom(...TARGETS) },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...TARGETS), edits).map(([text, by]) => edited(text, by)) },
    fc.tuple(fc.constantFrom(...TARGETS), fc.webQueryParameters()).map(([text, query]) => `${text}&${query}`),
    fc.webPath(),
  )
  .map((text) => (text.startsWith("/") ? text : `/${text}`))
  // The URL class takes "//host" for another host.
  .filter((text) => !HEALTH_CHECK.test(text) && URL.canParse(`http://edge.test${text}`));

const WRONG_VALUES = [
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

/** The JSON text of a member. `undefined` omits the member. */
const memberText = fc.oneof(
  fc.constant(undefined),
  fc.constantFrom(...WRONG_VALUES),
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
    text: memberText,
  }),
  { maxLength: 3 },
);

const mutatedJson = members.map((changed) => {
  const names = new Set(changed.map(({ name }) => name));
  const kept = Object.entries(BODY).filter(([name]) => !names.has(name));
  const all = [
    ...kept.map(([name, value]) => [name, JSON.stringify(value)] as const),
    ...changed.map(({ name, text }) => [name, text] as const),
  ];
  return `{${all.flatMap(([name, text]) => (text === undefined ? [] : `"${name}":${text}`)).join()}}`;
});

/** Well-formed bodies that name existing and unknown resources. */
const wellFormed = fc
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

/** Unusual strings in string members. The shape of the body is valid, so they reach the validation of each member. */
const unusualText = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("\ud800", "\udc00\ud800", "\0", "\n") },
  fc.constantFrom("(", "(?=x)", "a{1001}", "(a*)*", "^$", "😀", "x".repeat(600), "x".repeat(5000)),
  fc.string({ unit: "binary", maxLength: 12 }),
  edits.map((by) => edited("^spiffe://d/a$", by)),
);
const STRING_MEMBERS = Object.entries(BODY).flatMap(([name, value]) => (typeof value === "string" ? [name] : []));
const texts = fc
  .dictionary(fc.constantFrom(...STRING_MEMBERS, "permissions"), unusualText, { minKeys: 1, maxKeys: 8 })
  .map(({ permissions, ...unusual }) =>
    JSON.stringify({ ...BODY, ...unusual, ...(permissions !== undefined && { permissions: [permissions] }) }),
  );

const body = fc
  .oneof(
    { weight: 14, arbitrary: wellFormed },
    { weight: 12, arbitrary: texts },
    { weight: 8, arbitrary: mutatedJson },
    { weight: 3, arbitrary: fc.tuple(mutatedJson, edits).map(([text, by]) => edited(text, by)) },
    { weight: 3, arbitrary: fc.tuple(mutatedJson, edits).map(([text, by]) => editedBytes(Buffer.from(text), by)) },
    fc.uint8Array({ maxLength: 64 }),
    fc.constantFrom("", "null", "[]", "\uFEFF{}", "{}{}", `"${"x".repeat(20_000)}"`, "[".repeat(9000)),
  )
  .map((bytes) => new Uint8Array(Buffer.from(bytes as string)));

const delivery = fc.oneof(
  { weight: 20, arbitrary: fc.constant("whole" as const) },
  fc.constantFrom("pieces" as const, "reset" as const),
);
