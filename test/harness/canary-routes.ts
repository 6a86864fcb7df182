import { encodeBase64 } from "../../src/encoding/base64.ts";
import { challengeOf, cipherText, firstShard } from "./key-material.ts";
import type { Asks } from "./canary-asks.ts";
import { type Ask, fromCodes, type Stage, VALUES } from "./canary-stage.ts";

export const SECRETS = "/v1/store/secrets";
export const POLICY = "/v1/acl/policy";
export const BUNDLE = "/v1/trust/bundle";
export const AUDIT = "/v1/audit";

/** The one answer that values are in. */
const VALUE_PLACES = ["the body of 200 secret.get"];
/** A policy's patterns are told to who reads it, and to who has just put it, where they may be meant otherwise. */
const PATTERN_PLACES = ["the body of 200 policy.get", "the body of 200 policy.put"];
/** Bundles are public keys, and open by design; they have no business in a log. */
const BUNDLE_PLACES = ["the body of 200 bundle.get", "a change of the store", "the database's files"];
const ENDPOINT_PLACES = [...BUNDLE_PLACES, "the body of 200 bundle.list", "a request to an endpoint"];
/** What a list is asked for goes to the database, and stays nowhere. */
const QUERY_PLACES = ["a query of the store"];

/** What one route can be asked, besides what all of them can. */
interface RouteCase {
  readonly writes?: true;
  /** Where a good request has nothing to write. */
  readonly commits?: false;
  /** The body of a request that succeeds, after whatever has to be there for it; with canaries wherever it can hold some. */
  readonly good: (scene: Scene) => Promise<object>;
  /** Around a good request. */
  readonly weather?: (scene: Scene) => Ask["weather"];
  /** Other requests, by the status that each has to get. */
  readonly more?: (scene: Scene) => Promise<Asks>;
}

/** A stage, and what is put on it. */
export interface Scene {
  readonly stage: Stage;
  /** A name that nothing has yet: paths, policies and trust domains are open, and no canaries. */
  readonly name: () => string;
  readonly values: () => Record<string, string>;
  readonly policy: () => { spiffeidPattern: string; pathPattern: string; permissions: readonly string[] };
  readonly bundle: (more?: object) => object;
  readonly endpointUrl: () => string;
  /** Does what has to be there for another request. */
  readonly put: (target: string, body: object, headers?: Readonly<Record<string, string>>) => Promise<void>;
}

export function sceneOn(stage: Stage): Scene {
  const { marks } = stage;
  let count = 0;
  return {
    stage,
    name: () => `n${(count += 1)}`,
    values() {
      const texts = Object.entries(VALUES).map(([what, make]) => {
        const text = make();
        marks.watch(`a value of ${what}`, text, VALUE_PLACES);
        return [marks.text("the name of a value", VALUE_PLACES), text] as const;
      });
      return Object.fromEntries(texts);
    },
    policy: () => ({
      spiffeidPattern: `^spiffe://partner\\.org/${marks.text("an ID pattern", PATTERN_PLACES)}`,
      pathPattern: `${marks.text("a path pattern", PATTERN_PLACES)}.`,
      permissions: ["read", "list"],
    }),
    bundle: (more = {}) => ({
      keys: [stage.partner.key.entry, stage.partner.authority.bundleEntry],
      note: marks.text("a member of a bundle", BUNDLE_PLACES),
      ...more,
    }),
    endpointUrl: () => `https://partner.org/?t=${marks.text("the address of an endpoint", ENDPOINT_PLACES)}`,
    async put(target, body, headers = {}) {
      const { status, text } = await stage.send(target, { what: "beforehand", body, headers });
      if (status !== 200) throw new Error(`${target} is answered with ${status}: ${text}`);
    },
  };
}

const OUTDATED = { spiffe_sequence: 1 };

/** Each route has its case: a new one without fails, and so joins the suite. */
export const CASES: Readonly<Record<string, RouteCase>> = {
  [SECRETS]: {
    writes: true,
    good: async (scene) => ({ path: `app/${scene.name()}`, values: scene.values() }),
    async more({ stage, name, values }) {
      const path = `app/${name()}`;
      const mark = (): string => stage.marks.text("a name of a value that is none");
      const long = fromCodes(8000, 33, 94);
      stage.marks.watch("a long value", long, VALUE_PLACES);
      return {
        200: [{ what: "a long value", body: { path, values: { [stage.marks.text("a name", VALUE_PLACES)]: long } } }],
        400: [
          { what: "a name of a value that is none", body: { path, values: { [`${mark()}ü`]: "x" } } },
          { what: "a value that is none", body: { path, values: { ...values(), x: [mark()] } } },
          { what: "a negative cas", body: { path, values: values(), cas: -1 } },
        ],
        409: [{ what: "a cas that does not hold", body: { path, values: values(), cas: 99 } }],
      };
    },
  },
  [`${SECRETS}?action=get`]: {
    good: async () => ({ path: "app/kept" }),
    more: async () => ({
      404: [
        { what: "no secret", body: { path: "app/none" } },
        { what: "no version", body: { path: "app/kept", version: 99 } },
      ],
    }),
  },
  [`${SECRETS}?action=delete`]: {
    writes: true,
    async good({ name, put }) {
      const path = `app/${name()}`;
      await put(SECRETS, { path, values: {} });
      return { path, versions: [1] };
    },
    more: async () => ({
      404: [{ what: "no secret", body: { path: "app/none" } }],
      409: [{ what: "a cas that does not hold", body: { path: "app/kept", cas: 99 } }],
    }),
  },
  [`${SECRETS}?action=undelete`]: {
    writes: true,
    async good({ name, put }) {
      const path = `app/${name()}`;
      await put(SECRETS, { path, values: {} });
      await put(`${SECRETS}?action=delete`, { path });
      return { path, versions: [1] };
    },
    more: async () => ({
      404: [{ what: "no secret", body: { path: "app/none" } }],
      409: [{ what: "a cas that does not hold", body: { path: "app/kept", cas: 99 } }],
    }),
  },
  [`${SECRETS}?action=list`]: {
    good: async ({ stage }) => ({ prefix: stage.marks.text("a prefix", QUERY_PLACES), after: "", limit: 3 }),
    more: async ({ stage }) => ({
      400: [{ what: "a prefix that is none", body: { prefix: `${stage.marks.text("a prefix that is none")} ` } }],
    }),
  },
  [`${SECRETS}/metadata?action=get`]: {
    good: async () => ({ path: "app/kept" }),
    more: async () => ({ 404: [{ what: "no secret", body: { path: "app/none" } }] }),
  },
  [POLICY]: {
    writes: true,
    good: async ({ name, policy }) => ({ name: name(), ...policy() }),
    async more({ stage, name, policy }) {
      const mark = (): string => stage.marks.text("a pattern that is refused");
      const refused = ["(", "(?=x)", "\\1", "[", "x{1000}", "x".repeat(2048)];
      return {
        400: [
          ...refused.flatMap((wrong) => [
            {
              what: `the ID pattern ${wrong}`,
              body: { ...policy(), name: name(), spiffeidPattern: `${mark()}${wrong}` },
            },
            {
              what: `the path pattern ${wrong}`,
              body: { ...policy(), name: name(), pathPattern: `${mark()}${wrong}` },
            },
          ]),
          { what: "a permission", body: { ...policy(), name: name(), permissions: [mark()] } },
          { what: "a name that is none", body: { ...policy(), name: `${mark()}/` } },
          { what: "a system path", body: { ...policy(), name: name(), pathPattern: `${mark()}|acl` } },
        ],
        409: [{ what: "a cas that does not hold", body: { name: name(), ...policy(), cas: 99 } }],
      };
    },
  },
  [`${POLICY}?action=get`]: {
    good: async () => ({ id: "kept" }),
    more: async ({ stage }) => ({
      404: [{ what: "no policy", body: { id: "none" } }],
      400: [{ what: "a name that is none", body: { id: `${stage.marks.text("a name that is none")}/` } }],
    }),
  },
  [`${POLICY}?action=delete`]: {
    writes: true,
    async good({ name, policy, put }) {
      const id = name();
      await put(POLICY, { name: id, ...policy() });
      return { id };
    },
    more: async () => ({
      404: [{ what: "no policy", body: { id: "none" } }],
      409: [{ what: "a cas that does not hold", body: { id: "kept", cas: 99 } }],
    }),
  },
  [`${POLICY}?action=list`]: {
    good: async ({ stage }) => ({ spiffeidPattern: stage.marks.text("a pattern that is looked for"), limit: 2 }),
    more: async ({ stage }) => ({
      400: [{ what: "a place that is none", body: { after: `${stage.marks.text("a place that is none")}/` } }],
    }),
  },
  [BUNDLE]: {
    writes: true,
    good: async ({ name, bundle, endpointUrl }) => ({
      trustDomain: `${name()}.org`,
      bundle: bundle(),
      endpointUrl: endpointUrl(),
    }),
    async more({ stage, name, bundle }) {
      const trustDomain = `${name()}.org`;
      const mark = (): string => stage.marks.text("a bundle that is refused");
      const refused: Readonly<Record<string, object>> = {
        "a private key": { bundle: { keys: [{ kty: "EC", d: mark() }] } },
        "no keys": { bundle: { [mark()]: mark() } },
        "a sequence that is none": { bundle: { keys: [], spiffe_sequence: mark() } },
        "a password": { endpointUrl: `https://x:${mark()}@partner.org/` },
        "a fragment": { endpointUrl: `https://partner.org/#${mark()}` },
        "no TLS": { endpointUrl: `http://${mark()}/` },
        "a profile that is none": { endpointUrl: "https://partner.org/", endpointProfile: mark() },
        "a domain that is none": { bundle: { keys: [] }, trustDomain: `${mark()} ` },
        "a domain in upper case": { bundle: { keys: [] }, trustDomain: `X${mark()}` },
        "a domain that is configured": { bundle: { keys: [], note: mark() }, trustDomain: "spike.ist" },
        "too many characters": { bundle: { keys: [], note: mark(), " ": " ".repeat(65_536) } },
      };
      return {
        400: Object.entries(refused).map(([what, body]) => ({ what, body: { trustDomain, ...body } })),
        409: [
          { what: "a cas that does not hold", body: { trustDomain, bundle: { keys: [], note: mark() }, cas: 99 } },
          {
            what: "an older bundle",
            body: { trustDomain: "newer.org", bundle: { ...bundle(OUTDATED), note: mark() } },
          },
        ],
      };
    },
  },
  [`${BUNDLE}?action=get`]: {
    good: async () => ({ trustDomain: "partner.org" }),
    more: async ({ stage }) => ({
      404: [
        { what: "no bundle", body: { trustDomain: "none.org" } },
        { what: "a domain that is none", body: { trustDomain: `X${stage.marks.text("a domain that is none")}` } },
      ],
    }),
  },
  [`${BUNDLE}?action=delete`]: {
    writes: true,
    async good({ name, bundle, put }) {
      const trustDomain = `${name()}.org`;
      await put(BUNDLE, { trustDomain, bundle: bundle() });
      return { trustDomain };
    },
    more: async () => ({
      404: [{ what: "no bundle", body: { trustDomain: "none.org" } }],
      409: [{ what: "a cas that does not hold", body: { trustDomain: "partner.org", cas: 99 } }],
    }),
  },
  [`${BUNDLE}?action=list`]: {
    good: async () => ({ after: "", limit: 100 }),
    more: async ({ stage }) => ({
      400: [{ what: "a place that is none", body: { after: `X${stage.marks.text("a place that is none")}` } }],
    }),
  },
  [`${BUNDLE}?action=refresh`]: {
    writes: true,
    good: async () => ({ trustDomain: "fetched.org" }),
    weather: ({ bundle }) => ({ endpoint: () => Response.json(bundle()) }),
    async more({ stage, bundle }) {
      const mark = (): string => stage.marks.text("an answer of an endpoint");
      const body = { trustDomain: "fetched.org" };
      const answers: Readonly<Record<string, () => Response>> = {
        "an error": () => new Response(mark(), { status: 500, headers: { "x-more": mark() } }),
        "no bundle": () => new Response(mark()),
        "a private key": () => Response.json({ keys: [{ kty: "EC", d: mark() }] }),
        "too much": () => new Response(mark().repeat(20_000)),
        "no UTF-8": () => new Response(Buffer.concat([Buffer.from(mark()), Buffer.from([0xff])])),
        "a redirect": () => new Response(null, { status: 302, headers: { location: `http://${mark()}/` } }),
        "an exception": () => {
          throw new TypeError(mark(), { cause: new Error(mark()) });
        },
      };
      return {
        400: [{ what: "no endpoint", body: { trustDomain: "newer.org" } }],
        404: [{ what: "no bundle", body: { trustDomain: "none.org" } }],
        409: [
          {
            what: "an older bundle",
            body: { trustDomain: "newer-fetched.org" },
            weather: { endpoint: () => Response.json({ ...bundle(OUTDATED), note: mark() }) },
          },
        ],
        502: Object.entries(answers).map(([what, endpoint]) => ({
          what: `an endpoint that gives ${what}`,
          body,
          weather: { endpoint },
        })),
      };
    },
  },
  "/v1/cipher/encrypt": {
    good: async ({ stage }) => ({ plaintext: encodeBase64(Buffer.from(stage.marks.text("what is to be encrypted"))) }),
    more: async ({ stage }) => ({
      400: [
        { what: "no base64", body: { plaintext: `${stage.marks.text("a plaintext that is no base64")}%` } },
        {
          what: "too much",
          body: { plaintext: encodeBase64(Buffer.from(stage.marks.text("a long plaintext").repeat(3000))) },
        },
      ],
    }),
  },
  "/v1/cipher/decrypt": {
    good: async ({ stage }) =>
      await cipherText(stage.marks.text("what was encrypted", ["the body of 200 cipher.decrypt"]), stage.rootKeys),
  },
  "/v1/operator/recover": { good: async () => ({}) },
  "/v1/operator/restore": {
    good: async ({ stage }) => await firstShard(stage.rootKeys),
    more: async () => ({ 400: [{ what: "a share that is none", body: { id: 1, shard: [1] } }] }),
  },
  "/v1/bootstrap/verify": {
    good: async ({ stage }) => challengeOf(stage.marks.text("what a challenge holds"), stage.rootKeys),
  },
  "/v1/operator/status": { good: async () => ({}) },
  "/v1/operator/register": {
    writes: true,
    commits: false,
    good: async () => ({ keyId: "a" }),
    more: async ({ stage }) => ({
      409: [{ what: "a key that is not in the ring", body: { keyId: stage.marks.text("a key id of nobody") } }],
    }),
  },
  "/v1/operator/rewrap": {
    good: async () => ({ limit: 1 }),
    more: async ({ stage }) => ({
      400: [{ what: "a place that is none", body: { after: stage.marks.text("a place that is none") } }],
    }),
  },
  [`${AUDIT}?action=list`]: {
    good: async ({ stage }) => ({
      resource: stage.marks.text("a resource that is looked for", QUERY_PLACES),
      spiffeId: stage.marks.text("an ID that is looked for", QUERY_PLACES),
      from: "2026-01-01T00:00:00Z",
      limit: 10,
    }),
    more: async ({ stage }) => ({
      400: [{ what: "a time that is none", body: { from: stage.marks.text("a time that is none") } }],
    }),
  },
  [`${AUDIT}?action=verify`]: {
    good: async () => ({ after: 0 }),
    more: async () => ({ 400: [{ what: "a place that is none", body: { after: -1 } }] }),
  },
  [`${AUDIT}?action=prune`]: {
    writes: true,
    commits: false,
    good: async () => ({ days: 7 }),
    more: async () => ({ 400: [{ what: "too few days", body: { days: 6 } }] }),
  },
};
