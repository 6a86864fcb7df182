import { digestOfProblems } from "../../src/audit/audit-problem.ts";
import { encodeBase64 } from "../../src/encoding/base64.ts";
import { ALLOWED, AUDIT, BUNDLE, type CanaryFixture, POLICY, SECRETS } from "./canary-fixture.ts";
import type { Faults } from "./canary-probe.ts";
import type { RequestsByStatus } from "./canary-requests.ts";
import { textOf } from "./canary-values.ts";
import { challengeOf, cipherText, firstShard } from "./key-material.ts";

/** The requests of one route, besides those that every route receives. */
interface RouteCase {
  readonly writes?: true;
  /** `false` if the valid request writes, but has nothing to commit. */
  readonly commits?: false;
  /** Prepares a request that succeeds, and returns its body. The body contains canaries wherever possible. */
  readonly valid: (fixture: CanaryFixture) => Promise<object>;
  /** Needed by the valid request. */
  readonly faults?: (fixture: CanaryFixture) => Faults;
  /** Further requests of this route. */
  readonly more?: (fixture: CanaryFixture) => Promise<RequestsByStatus>;
}

/** Older than the stored bundles. */
const OUTDATED = { spiffe_sequence: 1 };

/** How many bodies of a leap were created. */
const bodies = new WeakMap<CanaryFixture, number>();

/** One case per route. A new route without a case fails the suite. */
export const CASES: Readonly<Record<string, RouteCase>> = {
  [SECRETS]: {
    writes: true,
    valid: async (fixture) => ({ path: `app/${fixture.newName()}`, values: fixture.values() }),
    async more({ canaries, newName, values }) {
      const path = `app/${newName()}`;
      const canary = (): string => canaries.text("a malformed value name");
      const long = textOf({ length: 8000, first: 33, count: 94 });
      canaries.watch("a long value", long, ALLOWED.value);
      return {
        200: [{ name: "a long value", body: { path, values: { [canaries.text("a name", ALLOWED.value)]: long } } }],
        400: [
          { name: "a malformed value name", body: { path, values: { [`${canary()}ü`]: "x" } } },
          { name: "a malformed value", body: { path, values: { ...values(), x: [canary()] } } },
          { name: "a negative cas", body: { path, values: values(), cas: -1 } },
        ],
        409: [{ name: "a wrong cas", body: { path, values: values(), cas: 99 } }],
      };
    },
  },
  [`${SECRETS}?action=get`]: {
    valid: async () => ({ path: "app/kept" }),
    more: async () => ({
      404: [
        { name: "an unknown secret", body: { path: "app/none" } },
        { name: "an unknown version", body: { path: "app/kept", version: 99 } },
      ],
    }),
  },
  [`${SECRETS}?action=delete`]: {
    writes: true,
    async valid({ newName, prepare }) {
      const path = `app/${newName()}`;
      await prepare(SECRETS, { path, values: {} });
      return { path, versions: [1] };
    },
    more: async () => ({
      404: [{ name: "an unknown secret", body: { path: "app/none" } }],
      409: [{ name: "a wrong cas", body: { path: "app/kept", cas: 99 } }],
    }),
  },
  [`${SECRETS}?action=undelete`]: {
    writes: true,
    async valid({ newName, prepare }) {
      const path = `app/${newName()}`;
      await prepare(SECRETS, { path, values: {} });
      await prepare(`${SECRETS}?action=delete`, { path });
      return { path, versions: [1] };
    },
    more: async () => ({
      404: [{ name: "an unknown secret", body: { path: "app/none" } }],
      409: [{ name: "a wrong cas", body: { path: "app/kept", cas: 99 } }],
    }),
  },
  [`${SECRETS}?action=remove`]: {
    writes: true,
    async valid({ newName, prepare }) {
      const path = `app/${newName()}`;
      await prepare(SECRETS, { path, values: {} });
      return { path };
    },
    more: async () => ({
      400: [{ name: "versions", body: { path: "app/kept", versions: [1] } }],
      404: [{ name: "an unknown secret", body: { path: "app/none" } }],
      409: [{ name: "a wrong cas", body: { path: "app/kept", cas: 99 } }],
    }),
  },
  [`${SECRETS}?action=list`]: {
    valid: async ({ canaries }) => ({ prefix: canaries.text("a prefix", ALLOWED.filter), after: "", limit: 3 }),
    more: async ({ canaries }) => ({
      400: [{ name: "a malformed prefix", body: { prefix: `${canaries.text("a malformed prefix")} ` } }],
    }),
  },
  [`${SECRETS}/metadata?action=get`]: {
    valid: async () => ({ path: "app/kept" }),
    more: async () => ({ 404: [{ name: "an unknown secret", body: { path: "app/none" } }] }),
  },
  [POLICY]: {
    writes: true,
    valid: async ({ newName, policy }) => ({ name: newName(), ...policy() }),
    async more({ canaries, newName, policy }) {
      const canary = (): string => canaries.text("a refused pattern");
      const refused = ["(", "(?=x)", "\\1", "[", "x{1000}", "x".repeat(2048)];
      return {
        400: [
          ...refused.flatMap((wrong) => [
            {
              name: `the ID pattern ${wrong}`,
              body: { ...policy(), name: newName(), spiffeidPattern: `${canary()}${wrong}` },
            },
            {
              name: `the path pattern ${wrong}`,
              body: { ...policy(), name: newName(), pathPattern: `${canary()}${wrong}` },
            },
          ]),
          { name: "an unknown permission", body: { ...policy(), name: newName(), permissions: [canary()] } },
          { name: "a malformed name", body: { ...policy(), name: `${canary()}/` } },
          { name: "a system path", body: { ...policy(), name: newName(), pathPattern: `${canary()}|acl` } },
        ],
        409: [{ name: "a wrong cas", body: { name: newName(), ...policy(), cas: 99 } }],
      };
    },
  },
  [`${POLICY}?action=get`]: {
    valid: async () => ({ id: "kept" }),
    more: async ({ canaries }) => ({
      404: [{ name: "an unknown policy", body: { id: "none" } }],
      400: [{ name: "a malformed name", body: { id: `${canaries.text("a malformed name")}/` } }],
    }),
  },
  [`${POLICY}?action=delete`]: {
    writes: true,
    async valid({ newName, policy, prepare }) {
      const id = newName();
      await prepare(POLICY, { name: id, ...policy() });
      return { id };
    },
    more: async () => ({
      404: [{ name: "an unknown policy", body: { id: "none" } }],
      409: [{ name: "a wrong cas", body: { id: "kept", cas: 99 } }],
    }),
  },
  [`${POLICY}?action=list`]: {
    valid: async ({ canaries }) => ({ spiffeidPattern: canaries.text("a pattern filter"), limit: 2 }),
    more: async ({ canaries }) => ({
      400: [{ name: "a malformed cursor", body: { after: `${canaries.text("a malformed cursor")}/` } }],
    }),
  },
  [BUNDLE]: {
    writes: true,
    valid: async ({ newName, bundle, endpointUrl }) => ({
      trustDomain: `${newName()}.org`,
      bundle: bundle(),
      endpointUrl: endpointUrl(),
    }),
    async more({ canaries, newName, bundle }) {
      const trustDomain = `${newName()}.org`;
      const canary = (): string => canaries.text("a refused bundle");
      const refused: Readonly<Record<string, object>> = {
        "a private key": { bundle: { keys: [{ kty: "EC", d: canary() }] } },
        "no keys": { bundle: { [canary()]: canary() } },
        "a malformed sequence": { bundle: { keys: [], spiffe_sequence: canary() } },
        "a URL with a password": { endpointUrl: `https://x:${canary()}@partner.org/` },
        "a URL with a fragment": { endpointUrl: `https://partner.org/#${canary()}` },
        "a URL without TLS": { endpointUrl: `http://${canary()}/` },
        "an unknown profile": { endpointUrl: "https://partner.org/", endpointProfile: canary() },
        "a malformed domain": { bundle: { keys: [] }, trustDomain: `${canary()} ` },
        "a domain in upper case": { bundle: { keys: [] }, trustDomain: `X${canary()}` },
        "a configured domain": { bundle: { keys: [], note: canary() }, trustDomain: "spike.ist" },
        "a bundle that is too large": { bundle: { keys: [], note: canary(), " ": " ".repeat(65_536) } },
      };
      return {
        400: Object.entries(refused).map(([kind, body]) => ({ name: kind, body: { trustDomain, ...body } })),
        409: [
          { name: "a wrong cas", body: { trustDomain, bundle: { keys: [], note: canary() }, cas: 99 } },
          {
            name: "an older bundle",
            body: { trustDomain: "newer.org", bundle: { ...bundle(OUTDATED), note: canary() } },
          },
        ],
      };
    },
  },
  [`${BUNDLE}?action=get`]: {
    valid: async () => ({ trustDomain: "partner.org" }),
    more: async ({ canaries }) => ({
      404: [
        { name: "an unknown bundle", body: { trustDomain: "none.org" } },
        { name: "a malformed domain", body: { trustDomain: `X${canaries.text("a malformed domain")}` } },
      ],
    }),
  },
  [`${BUNDLE}?action=delete`]: {
    writes: true,
    async valid({ newName, bundle, prepare }) {
      const trustDomain = `${newName()}.org`;
      await prepare(BUNDLE, { trustDomain, bundle: bundle() });
      return { trustDomain };
    },
    more: async () => ({
      404: [{ name: "an unknown bundle", body: { trustDomain: "none.org" } }],
      409: [{ name: "a wrong cas", body: { trustDomain: "partner.org", cas: 99 } }],
    }),
  },
  [`${BUNDLE}?action=list`]: {
    valid: async () => ({ after: "", limit: 100 }),
    more: async ({ canaries }) => ({
      400: [{ name: "a malformed cursor", body: { after: `X${canaries.text("a malformed cursor")}` } }],
    }),
  },
  [`${BUNDLE}?action=refresh`]: {
    writes: true,
    valid: async () => ({ trustDomain: "fetched.org" }),
    faults: ({ bundle }) => ({ endpoint: () => Response.json(bundle()) }),
    async more({ canaries, bundle }) {
      const canary = (): string => canaries.text("an answer of an endpoint");
      const body = { trustDomain: "fetched.org" };
      const answers: Readonly<Record<string, () => Response>> = {
        "an error status": () => new Response(canary(), { status: 500, headers: { "x-more": canary() } }),
        "malformed text": () => new Response(canary()),
        "a private key": () => Response.json({ keys: [{ kty: "EC", d: canary() }] }),
        "too many bytes": () => new Response(canary().repeat(20_000)),
        "bytes that are not UTF-8": () => new Response(Buffer.concat([Buffer.from(canary()), Buffer.from([0xff])])),
        "a redirect": () => new Response(null, { status: 302, headers: { location: `http://${canary()}/` } }),
        "an exception": () => {
          throw new TypeError(canary(), { cause: new Error(canary()) });
        },
      };
      return {
        400: [{ name: "no endpoint", body: { trustDomain: "newer.org" } }],
        404: [{ name: "an unknown bundle", body: { trustDomain: "none.org" } }],
        409: [
          {
            name: "an older bundle",
            body: { trustDomain: "newer-fetched.org" },
            faults: { endpoint: () => Response.json({ ...bundle(OUTDATED), note: canary() }) },
          },
        ],
        502: Object.entries(answers).map(([kind, endpoint]) => ({
          name: `a failing endpoint: ${kind}`,
          body,
          faults: { endpoint },
        })),
      };
    },
  },
  "/v1/cipher/encrypt": {
    valid: async ({ canaries }) => ({ plaintext: encodeBase64(Buffer.from(canaries.text("a plaintext"))) }),
    more: async ({ canaries }) => ({
      400: [
        {
          name: "a plaintext that is not base64",
          body: { plaintext: `${canaries.text("a plaintext that is not base64")}%` },
        },
        {
          name: "a plaintext that is too long",
          body: { plaintext: encodeBase64(Buffer.from(canaries.text("a long plaintext").repeat(3000))) },
        },
      ],
    }),
  },
  "/v1/cipher/decrypt": {
    valid: async ({ canaries, service }) =>
      await cipherText(canaries.text("a decrypted text", ["body of 200 cipher.decrypt"]), service.rootKeys),
  },
  "/v1/operator/recover": { writes: true, valid: async () => ({}) },
  "/v1/operator/restore": {
    valid: async ({ service }) => await firstShard(service.rootKeys),
    more: async () => ({ 400: [{ name: "a malformed share", body: { id: 1, shard: [1] } }] }),
  },
  "/v1/bootstrap/verify": {
    valid: async ({ canaries, service }) => challengeOf(canaries.text("the text of a challenge"), service.rootKeys),
  },
  "/v1/operator/status": { valid: async () => ({}) },
  "/v1/operator/register": {
    writes: true,
    commits: false,
    valid: async () => ({ keyId: "a" }),
    more: async ({ canaries }) => ({
      409: [{ name: "a key that is not in the ring", body: { keyId: canaries.text("an unknown key id") } }],
    }),
  },
  "/v1/operator/rewrap": {
    valid: async () => ({ limit: 1 }),
    more: async ({ canaries }) => ({
      400: [{ name: "a malformed cursor", body: { after: canaries.text("a malformed cursor") } }],
    }),
  },
  "/v1/operator/rebuild?action=store": {
    valid: async () => ({}),
    more: async ({ canaries }) => ({
      409: [{ name: "a digest of nothing", body: { digest: canaries.text("an unknown digest") } }],
    }),
  },
  "/v1/operator/rebuild?action=authority": {
    valid: async () => ({}),
    more: async ({ canaries }) => ({
      409: [{ name: "a digest of another list", body: { digest: canaries.text("a digest of another list") } }],
    }),
  },
  "/v1/operator/store?action=restored": {
    writes: true,
    async valid(fixture) {
      const created = bodies.get(fixture) ?? 0;
      bodies.set(fixture, created + 1);
      // The store leaps to each number. The first body serves the requests that fail, which are sent last.
      return { beyond: created === 0 ? 2 ** 52 - 1 : created * 1_000_000 };
    },
    more: async ({ canaries }) => ({
      400: [
        { name: "a revision below that of the store", body: { beyond: 0 } },
        { name: "a revision as text", body: { beyond: canaries.text("a revision as text") } },
      ],
    }),
  },
  [`${AUDIT}?action=acknowledge`]: {
    valid: async () => ({ upTo: 0, digest: await digestOfProblems({ after: 0, upTo: 0 }, []) }),
    more: async ({ canaries }) => ({
      409: [{ name: "a digest of other problems", body: { upTo: 1, digest: canaries.text("a digest of problems") } }],
    }),
  },
  [`${AUDIT}?action=list`]: {
    valid: async ({ canaries }) => ({
      resource: canaries.text("a resource filter", ALLOWED.filter),
      spiffeId: canaries.text("an ID filter", ALLOWED.filter),
      from: "2026-01-01T00:00:00Z",
      limit: 10,
    }),
    more: async ({ canaries }) => ({
      400: [{ name: "a malformed time", body: { from: canaries.text("a malformed time") } }],
    }),
  },
  [`${AUDIT}?action=verify`]: {
    valid: async () => ({ after: 0 }),
    more: async () => ({ 400: [{ name: "a malformed cursor", body: { after: -1 } }] }),
  },
  [`${AUDIT}?action=prune`]: {
    writes: true,
    commits: false,
    valid: async () => ({ days: 7 }),
    more: async () => ({ 400: [{ name: "too few days", body: { days: 6 } }] }),
  },
};
