import { LibsqlError } from "@libsql/client/web";
import { ROUTES } from "../../src/api/nexus/routes.ts";
import type { AnyRoute } from "../../src/api/nexus/route.ts";
import { mint, mintingKey, part } from "../../src/identity/jwt/minting.fixture.ts";
import { certificateAuthority, toRfc9440 } from "../../src/identity/x509/minting.fixture.ts";
import { httpExecute } from "../../src/store/libsql/http-execute.ts";
import { libsqlStore } from "../../src/store/libsql/libsql-store.ts";
import { toUnavailable } from "../../src/store/libsql/to-unavailable.ts";
import type { Canaries } from "./canaries.ts";
import { type Ask, type Stage, type Weather, watchToken } from "./canary-stage.ts";

/** Asks by the status that each has to get. */
export type Asks = Readonly<Partial<Record<number, readonly Ask[]>>>;

export function routeOf(target: string): AnyRoute {
  const [path = "", action = ""] = target.split("?action=");
  return ROUTES[path]![action]!;
}

/** A key that a write has used, for another request. */
export const USED_KEY = "used-before";

const NEVER = new AbortController().signal;

/** Bodies and headers that no route takes: 400, 413. */
export function malformed(stage: Stage, good: object): Asks {
  const { marks } = stage;
  const mark = (what: string): string => marks.text(`a body that is ${what}`);
  const text = JSON.stringify(good);
  const bodies: Readonly<Record<string, string | Uint8Array>> = {
    "no JSON": mark("no JSON"),
    text: JSON.stringify(mark("text")),
    "a list": JSON.stringify([mark("a list"), good]),
    "cut off": text.slice(0, -1),
    "not all": `${text} ${mark("not all")}`,
    "of two members": `{"${mark("of two members")}":1,${text.slice(1, -1) || '"x":1'},"y":1,"y":2}`,
    "too deep": `{"x":${"[".repeat(40)}"${mark("too deep")}"${"]".repeat(40)}}`,
    "behind a byte order mark": `\uFEFF${text}`,
    "no UTF-8": Buffer.concat([Buffer.from(`{"x":"${mark("no UTF-8")}`), Buffer.from([0xff, 0x22, 0x7d])]),
    "like frames of a stack": `\n    at ${mark("like frames of a stack")} (x.ts:1:1)\n`,
  };
  const types = Object.keys(good).flatMap((member) =>
    [[mark("of a wrong type")], { [mark("of a wrong type")]: mark("of a wrong type") }].map((wrong) => ({
      what: `another type of ${member}`,
      // Texts in lists, and members of values and bundles, are judged by their contents.
      body: { ...good, [member]: Array.isArray(wrong) && member === "permissions" ? [wrong] : wrong },
      isLenient: member === "values" && !Array.isArray(wrong),
    })),
  );
  const unreadable = new ReadableStream({
    pull(controller) {
      controller.error(new Error(mark("broken off")));
    },
  });
  return {
    400: [
      ...Object.entries(bodies).map(([what, body]) => ({ what: `a body that is ${what}`, body })),
      ...types.filter(({ isLenient }) => !isLenient),
      { what: "a body that breaks off", body: unreadable },
      ...("path" in good
        ? [" ", "ü", "\0", "^"].map((outside) => ({
            what: "a path outside the alphabet",
            body: { ...good, path: `${marks.text("a path outside the alphabet")}${outside}` },
          }))
        : []),
      {
        what: "an idempotency key that is none",
        body: good,
        headers: { "idempotency-key": `${marks.text("an idempotency key that is none")} x` },
      },
    ],
    413: [{ what: "too large a body", body: `"${mark("too large").repeat(5000)}"` }],
  };
}

/** Callers that are nobody, or may not: 401. */
export async function unauthorized(
  stage: Stage,
  good: object,
  { lite: isForLite }: { readonly lite: boolean },
): Promise<Asks> {
  const { marks, partner, proxySecret } = stage;
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: "spiffe://partner.org/nobody", aud: "spike-nexus", exp: now + 300 };
  const mark = (what: string): string => marks.text(`a token that is ${what}`);
  const [otherKey, stranger] = await Promise.all([
    mintingKey("ES256", "k1"),
    certificateAuthority({ trustDomain: "stranger.org" }),
  ]);
  const signed = async (what: string, header: object, more: object = {}): Promise<string> => {
    const token = await mint(partner.key, { ...claims, jti: mark(what), ...more }, header);
    watchToken(marks, `a token that is ${what}`, token);
    return token;
  };
  const header = { alg: "ES256", kid: "k1", typ: "JWT" };
  const tokens: Readonly<Record<string, string>> = {
    "of no form": mark("of no form"),
    "of three parts": [
      part({ ...header, kid: marks.text("the key that a token names", ["a query of the store"]) }),
      part(claims),
      mark("of three parts"),
    ].join("."),
    "of no signature": `${part({ alg: "none" })}.${part({ ...claims, jti: mark("of no signature") })}.`,
    "of a key elsewhere": await signed("of a key elsewhere", {
      ...header,
      jku: `https://x/${mark("of a key elsewhere")}`,
    }),
    "of another type": await signed("of another type", { ...header, typ: mark("of another type") }),
    "of an unknown key": await signed("of an unknown key", { ...header, kid: "none" }),
    expired: await signed("expired", header, { exp: now - 3600 }),
    "for others": await signed("for others", header, { aud: mark("for others") }),
    "of no ID": await signed("of no ID", header, { sub: `spiffe://partner.org/${mark("of no ID")}?` }),
    "of another key": await stage.token("a token of another key", "/nobody", {}, otherKey),
    "of an unknown domain": await stage.token("a token of an unknown domain", "", { sub: "spiffe://unknown.org/x" }),
    "of a domain that is configured": await stage.token("a forged token", "", { sub: "spiffe://spike.ist/x" }),
    "of somebody without a policy": await stage.token("a token of somebody without a policy", "/nobody"),
    "too long": mark("too long").repeat(400),
  };
  const certificates = async (): Promise<readonly (readonly [string, Readonly<Record<string, string>>])[]> => {
    const proved = { "x-spike-proxy-secret": proxySecret, authorization: "" };
    const [own, strange] = await Promise.all([
      stage.certificate("spiffe://partner.org/nobody"),
      stage.certificate("spiffe://partner.org/web", stranger),
    ]);
    const text = marks.text("a certificate that is none");
    return [
      ["a certificate of somebody without a policy", { ...own, ...proved }],
      ["a certificate without the proxy", { ...own, authorization: "" }],
      ["a certificate of another authority", { ...strange, ...proved }],
      [
        "a certificate and a token of somebody else",
        {
          ...own,
          ...proved,
          authorization: `Bearer ${await stage.token("a token beside a certificate", "/somebody")}`,
        },
      ],
      [
        "a wrong proxy secret",
        { ...own, "x-spike-proxy-secret": marks.text("a wrong proxy secret"), authorization: "" },
      ],
      ["a certificate that is none", { ...proved, "client-cert": toRfc9440(Buffer.from(text)) }],
      ["a certificate in no form", { ...proved, "client-cert": text, "client-cert-chain": text }],
    ];
  };
  const lite = await stage.service.domain.token("/spike/workload/role/lite");
  watchToken(marks, "a token of a lite workload", lite);
  const basic = Buffer.from(`user:${marks.text("a password")}`).toString("base64");
  const headers: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["no identity", { authorization: "" }],
    ["a password", { authorization: `Basic ${basic}` }],
    ["two tokens", { authorization: `Bearer ${mark("one of two")}, Bearer ${mark("one of two")}` }],
    ...(isForLite ? [] : ([["a lite workload", { authorization: `Bearer ${lite}` }]] as const)),
    ...Object.entries(tokens).map(
      ([what, token]) => [`a token that is ${what}`, { authorization: `Bearer ${token}` }] as const,
    ),
    ...(await certificates()),
  ];
  return { 401: headers.map(([what, sent]) => ({ what, body: good, headers: sent })) };
}

/** Whatever goes wrong around a good request: 429, 500, 503. */
export function unlucky(
  { marks }: Stage,
  good: object,
  { writes, commits }: { readonly writes: boolean; readonly commits: boolean },
): Asks {
  const at = (what: string, weather: Weather): Ask => ({ what, body: good, weather });
  const broken = Object.entries(exceptions(marks));
  return {
    429: [
      at("too many of one address", { limits: { address: () => false } }),
      at("too many of one identity", { limits: { identity: () => false } }),
    ],
    500: [
      ...broken.map(([what, load]) => at(`a load that throws ${what}`, { load })),
      ...(writes ? [at("no random bytes", { randomBytes: broken[0]![1] })] : []),
      ...(commits ? broken.map(([what, commit]) => at(`a commit that throws ${what}`, { commit })) : []),
    ],
    503: [
      ...driverErrors(marks).map(([what, error]) => at(`a driver that ${what}`, { load: error })),
      ...(commits ? driverErrors(marks).map(([what, error]) => at(`a driver that ${what}`, { commit: error })) : []),
      ...databases(marks).map(([what, store]) => at(`a database that ${what}`, { store })),
    ],
  };
}

/** What nobody has foreseen, each with a canary wherever such a thing can hold one. */
export function exceptions(marks: Canaries): Readonly<Record<string, () => never>> {
  const mark = (): string => marks.text("an exception");
  const thrower = (error: unknown) => (): never => {
    throw error;
  };
  const altered = new TypeError(`${mark()}\n    at ${mark()} (${mark()})\n`);
  return {
    "an error": thrower(new Error(mark())),
    "an error with a cause": thrower(new TypeError(mark(), { cause: new Error(mark()) })),
    "an error with members": thrower(Object.assign(new RangeError(mark()), { value: mark(), code: mark() })),
    "an error of several lines": thrower(altered),
    "several errors": thrower(new AggregateError([new Error(mark())], mark())),
    "an error of the JSON parser": () => JSON.parse(`{"a":${mark()}`) as never,
    "a text": thrower(mark()),
    "an object": thrower({ message: mark(), toString: mark }),
  };
}

/** Errors that the database's driver throws, with text of the server. */
function driverErrors(marks: Canaries): readonly (readonly [string, () => never])[] {
  const mark = (): string => marks.text("an error of the driver");
  const errors = {
    "refuses a statement": new LibsqlError(mark(), "SQLITE_ERROR", undefined, undefined, new Error(mark())),
    "has a code of its own": new LibsqlError(mark(), mark()),
    "can't reach the database": new TypeError(mark(), { cause: new Error(mark()) }),
    "can't understand it": new SyntaxError(mark()),
  };
  return Object.entries(errors).map(([what, error]) => [
    what,
    () => {
      throw toUnavailable(error, "write", NEVER);
    },
  ]);
}

/** Databases behind HTTP, by the real driver, that answer with canaries. */
function databases(marks: Canaries): readonly (readonly [string, Weather["store"] & object])[] {
  const mark = (): string => marks.text("an answer of the database");
  const step = { type: "error", error: { message: mark(), code: mark() } };
  const batch = { step_results: [null], step_errors: [{ message: mark(), code: mark() }] };
  const ok = { type: "ok", response: { type: "batch", result: batch } };
  const answers: Readonly<Record<string, () => Response>> = {
    "answers 500": () => new Response(mark(), { status: 500, statusText: mark() }),
    "answers 302": () => new Response(null, { status: 302, headers: { location: `https://x/${mark()}` } }),
    "answers with rubbish": () => new Response(mark()),
    "answers with errors": () => Response.json({ baton: mark(), base_url: null, results: [step] }),
    "answers with failed steps": () => Response.json({ baton: null, base_url: null, results: [ok] }),
    "resets connections": () => {
      throw new TypeError(mark(), { cause: new Error(mark()) });
    },
  };
  const authToken = marks.text("the database's token");
  return Object.entries(answers).map(([what, answer]) => [
    what,
    libsqlStore(httpExecute({ url: "https://db.test", authToken }, async () => await Promise.resolve(answer()))),
  ]);
}
