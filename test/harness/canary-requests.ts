import { LibsqlError } from "@libsql/client/web";
import { OPERATIONS } from "../../src/api/nexus/operations.ts";
import type { Operation } from "../../src/api/nexus/operation.ts";
import { mint, mintingKey, part } from "../../src/identity/jwt/minting.fixture.ts";
import { certificateAuthority, toRfc9440 } from "../../src/identity/x509/minting.fixture.ts";
import { remoteExecute } from "../../src/store/libsql/remote-execute.ts";
import { libsqlStore } from "../../src/store/libsql/libsql-store.ts";
import { toUnavailable } from "../../src/store/libsql/to-unavailable.ts";
import type { Store } from "../../src/store/store.ts";
import type { Canaries } from "./canaries.ts";
import type { Faults } from "./canary-probe.ts";
import type { CanaryService, TestRequest } from "./canary-service.ts";
import { watchToken } from "./watch-credentials.ts";

/** Requests by the status that each must receive. */
export type RequestsByStatus = Readonly<Partial<Record<number, readonly TestRequest[]>>>;

export function routeOf(target: string): Operation {
  const [path = "", action = ""] = target.split("?action=");
  return OPERATIONS[path]![action]!;
}

/** An `Idempotency-Key` that another write has used. */
export const USED_KEY = "used-before";

const NEVER = new AbortController().signal;

/** Bodies and headers that every route rejects: 400, 413. */
export function malformedRequests({ canaries }: CanaryService, valid: object): RequestsByStatus {
  const canary = (kind: string): string => canaries.text(`a malformed body: ${kind}`);
  const text = JSON.stringify(valid);
  const bodies: Readonly<Record<string, string | Uint8Array>> = {
    "not JSON": canary("not JSON"),
    "a string": JSON.stringify(canary("a string")),
    "an array": JSON.stringify([canary("an array"), valid]),
    truncated: text.slice(0, -1),
    "text after the JSON": `${text} ${canary("text after the JSON")}`,
    "duplicate members": `{"${canary("duplicate members")}":1,${text.slice(1, -1) || '"x":1'},"y":1,"y":2}`,
    "nested too deep": `{"x":${"[".repeat(40)}"${canary("nested too deep")}"${"]".repeat(40)}}`,
    "a byte order mark": `\uFEFF${text}`,
    "not UTF-8": Buffer.concat([Buffer.from(`{"x":"${canary("not UTF-8")}`), Buffer.from([0xff, 0x22, 0x7d])]),
    "like a stack trace": `\n    at ${canary("like a stack trace")} (x.ts:1:1)\n`,
  };
  const wrongTypes = Object.keys(valid).flatMap((member) => {
    const list = [canary("wrong type")];
    const object = { [canary("wrong type")]: canary("wrong type") };
    const name = `wrong type of ${member}`;
    return [
      { name, body: { ...valid, [member]: member === "permissions" ? [list] : list } },
      // An object of strings is a valid `values`.
      ...(member === "values" ? [] : [{ name, body: { ...valid, [member]: object } }]),
    ];
  });
  const broken = new ReadableStream({
    pull(controller) {
      controller.error(new Error(canary("broken stream")));
    },
  });
  const wrongPaths = [" ", "ü", "\0", "^"].map((character) => ({
    name: "a path outside the alphabet",
    body: { ...valid, path: `${canaries.text("a path outside the alphabet")}${character}` },
  }));
  const key = `${canaries.text("a malformed idempotency key")} x`;
  return {
    400: [
      ...Object.entries(bodies).map(([kind, body]) => ({ name: `a malformed body: ${kind}`, body })),
      ...wrongTypes,
      { name: "a malformed body: broken stream", body: broken },
      ...("path" in valid ? wrongPaths : []),
      { name: "a malformed idempotency key", body: valid, headers: { "idempotency-key": key } },
    ],
    413: [{ name: "a body that is too large", body: `"${canary("too large").repeat(5000)}"` }],
  };
}

/** Callers that are not authenticated or not permitted: 401. */
export async function unauthorizedRequests(
  service: CanaryService,
  valid: object,
  { allowsLite }: { readonly allowsLite: boolean },
): Promise<RequestsByStatus> {
  const { canaries } = service;
  const lite = await service.testService.domain.token("/spike/workload/role/lite");
  watchToken(canaries, "the token of a lite workload", lite);
  const basic = Buffer.from(`user:${canaries.text("a password")}`).toString("base64");
  const twoTokens = `Bearer ${canaries.text("one of two tokens")}, Bearer ${canaries.text("one of two tokens")}`;
  const headers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    "no identity": { authorization: "" },
    "a password": { authorization: `Basic ${basic}` },
    "two tokens": { authorization: twoTokens },
    ...(!allowsLite && { "a lite workload": { authorization: `Bearer ${lite}` } }),
    ...(await wrongTokens(service)),
    ...(await wrongCertificates(service)),
  };
  return { 401: Object.entries(headers).map(([name, sent]) => ({ name, body: valid, headers: sent })) };
}

type HeadersByName = Readonly<Record<string, Readonly<Record<string, string>>>>;

async function wrongTokens(service: CanaryService): Promise<HeadersByName> {
  const { canaries, partner } = service;
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: "spiffe://partner.org/nobody", aud: "spike-nexus", exp: now + 300 };
  const header = { alg: "ES256", kid: "k1", typ: "JWT" };
  const canary = (kind: string): string => canaries.text(`a wrong token: ${kind}`);
  const signed = async (kind: string, headers: object, more: object = {}): Promise<string> => {
    const token = await mint(partner.key, { ...claims, jti: canary(kind), ...more }, { ...header, ...headers });
    watchToken(canaries, `a wrong token: ${kind}`, token);
    return token;
  };
  const kid = canaries.text("the key id of a token", ["store query"]);
  const tokens: Readonly<Record<string, string>> = {
    "not a JWT": canary("not a JWT"),
    "a malformed signature": [part({ ...header, kid }), part(claims), canary("a malformed signature")].join("."),
    "algorithm none": `${part({ alg: "none" })}.${part({ ...claims, jti: canary("algorithm none") })}.`,
    "a key URL": await signed("a key URL", { jku: `https://x/${canary("a key URL")}` }),
    "another type": await signed("another type", { typ: canary("another type") }),
    "an unknown key id": await signed("an unknown key id", { kid: "none" }),
    expired: await signed("expired", {}, { exp: now - 3600 }),
    "another audience": await signed("another audience", {}, { aud: canary("another audience") }),
    "a malformed ID": await signed("a malformed ID", {}, { sub: `spiffe://partner.org/${canary("a malformed ID")}?` }),
    "another key": await service.token("a token signed by another key", "/nobody", {
      key: await mintingKey("ES256", "k1"),
    }),
    "an unknown trust domain": await service.token("a token of an unknown trust domain", "", {
      claims: { sub: "spiffe://unknown.org/x" },
    }),
    "a forged configured domain": await service.token("a forged token", "", {
      claims: { sub: "spiffe://spike.ist/x" },
    }),
    "a workload without a policy": await service.token("a token of a workload without a policy", "/nobody"),
    "too long": canary("too long").repeat(400),
  };
  return Object.fromEntries(
    Object.entries(tokens).map(([kind, token]) => [`a wrong token: ${kind}`, { authorization: `Bearer ${token}` }]),
  );
}

async function wrongCertificates(service: CanaryService): Promise<HeadersByName> {
  const { canaries, proxySecret } = service;
  const unknownAuthority = await certificateAuthority({ trustDomain: "stranger.org" });
  const [own, untrusted] = await Promise.all([
    service.certificate("spiffe://partner.org/nobody"),
    service.certificate("spiffe://partner.org/web", unknownAuthority),
  ]);
  const fromProxy = { "x-spike-proxy-secret": proxySecret, authorization: "" };
  const otherToken = `Bearer ${await service.token("a token sent with another's certificate", "/somebody")}`;
  const text = canaries.text("a malformed certificate");
  return {
    "a certificate of a workload without a policy": { ...own, ...fromProxy },
    "a certificate without the proxy secret": { ...own, authorization: "" },
    "a certificate of an unknown authority": { ...untrusted, ...fromProxy },
    "a certificate and another workload's token": { ...own, ...fromProxy, authorization: otherToken },
    "a wrong proxy secret": {
      ...own,
      "x-spike-proxy-secret": canaries.text("a wrong proxy secret"),
      authorization: "",
    },
    "a malformed certificate": { ...fromProxy, "client-cert": toRfc9440(Buffer.from(text)) },
    "a malformed certificate header": { ...fromProxy, "client-cert": text, "client-cert-chain": text },
  };
}

/** A valid request while something around the service fails: 429, 500, 503. */
export function requestsUnderFaults(
  { canaries }: CanaryService,
  valid: object,
  { writes, commits }: { readonly writes: boolean; readonly commits: boolean },
): RequestsByStatus {
  const request = (name: string, faults: Faults): TestRequest => ({ name, body: valid, faults });
  const thrown = Object.entries(exceptions(canaries));
  return {
    429: [
      request("too many requests of one address", { limits: { address: () => false } }),
      request("too many requests of one identity", { limits: { identity: () => false } }),
    ],
    500: [
      ...thrown.map(([kind, load]) => request(`a load that throws ${kind}`, { load })),
      ...(writes ? [request("no random bytes", { randomBytes: thrown[0]![1] })] : []),
      ...(commits ? thrown.map(([kind, commit]) => request(`a commit that throws ${kind}`, { commit })) : []),
    ],
    503: [
      ...driverErrors(canaries).map(([kind, load]) => request(`a load whose driver ${kind}`, { load })),
      ...(commits
        ? driverErrors(canaries).map(([kind, commit]) => request(`a commit whose driver ${kind}`, { commit }))
        : []),
      ...failingStores(canaries).map(([kind, store]) => request(`a database that ${kind}`, { store })),
    ],
  };
}

/** Unexpected exceptions, by kind. Every text in them is a canary. */
export function exceptions(canaries: Canaries): Readonly<Record<string, () => never>> {
  const canary = (): string => canaries.text("an exception");
  const thrower = (error: unknown) => (): never => {
    throw error;
  };
  return {
    "an error": thrower(new Error(canary())),
    "an error with a cause": thrower(new TypeError(canary(), { cause: new Error(canary()) })),
    "an error with members": thrower(Object.assign(new RangeError(canary()), { value: canary(), code: canary() })),
    "an error of several lines": thrower(new TypeError(`${canary()}\n    at ${canary()} (${canary()})\n`)),
    "an aggregate error": thrower(new AggregateError([new Error(canary())], canary())),
    "an error of the JSON parser": () => JSON.parse(`{"a":${canary()}`) as never,
    "a string": thrower(canary()),
    "an object": thrower({ message: canary(), toString: canary }),
  };
}

/** Errors of the database driver that contain text of the server. */
function driverErrors(canaries: Canaries): readonly (readonly [string, () => never])[] {
  const canary = (): string => canaries.text("an error of the driver");
  const errors = {
    "refuses a statement": new LibsqlError(canary(), "SQLITE_ERROR", undefined, undefined, new Error(canary())),
    "reports an unknown code": new LibsqlError(canary(), canary()),
    "cannot reach the database": new TypeError(canary(), { cause: new Error(canary()) }),
    "cannot parse the answer": new SyntaxError(canary()),
  };
  return Object.entries(errors).map(([kind, error]) => [
    kind,
    () => {
      throw toUnavailable(error, "write", NEVER);
    },
  ]);
}

/** Stores on the real driver whose database answers with canaries. */
function failingStores(canaries: Canaries): readonly (readonly [string, Store])[] {
  const canary = (): string => canaries.text("an answer of the database");
  const failed = { type: "error", error: { message: canary(), code: canary() } };
  const batch = { step_results: [null], step_errors: [{ message: canary(), code: canary() }] };
  const ok = { type: "ok", response: { type: "batch", result: batch } };
  const answers: Readonly<Record<string, () => Response>> = {
    "answers 500": () => new Response(canary(), { status: 500, statusText: canary() }),
    "answers 302": () => new Response(null, { status: 302, headers: { location: `https://x/${canary()}` } }),
    "answers with malformed text": () => new Response(canary()),
    "answers with errors": () => Response.json({ baton: canary(), base_url: null, results: [failed] }),
    "answers with failed steps": () => Response.json({ baton: null, base_url: null, results: [ok] }),
    "resets connections": () => {
      throw new TypeError(canary(), { cause: new Error(canary()) });
    },
  };
  const authToken = canaries.text("the database token");
  return Object.entries(answers).map(([kind, answer]) => [
    kind,
    libsqlStore(remoteExecute({ url: "https://db.test", authToken }, async () => await Promise.resolve(answer()))),
  ]);
}
