import { beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { testDomain } from "./harness/identity.ts";
import { type TestAnswer, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const GET = `${SECRETS}?action=get`;
const DELETE = `${SECRETS}?action=delete`;
const UNDELETE = `${SECRETS}?action=undelete`;
const LIST = `${SECRETS}?action=list`;
const METADATA = `${SECRETS}/metadata?action=get`;
const POLICY = "/v1/acl/policy";
const POLICIES = `${POLICY}?action=list`;
const AUDIT = "/v1/audit?action=list";
const PRUNE = "/v1/audit?action=prune";
const VALID_POLICY = { name: "p", spiffeidPattern: "^spiffe://d/a$", pathPattern: "^a/", permissions: ["read"] };

let store: Store;
let service: TestService;

beforeEach(async () => {
  store = memoryStore({ storeId: "s", now: Date.now });
  service = await testService(store);
  for (const v of ["1", "2", "3"]) await service.post(SECRETS, { path: "m", values: { v } });
  await service.post(POLICY, VALID_POLICY);
  service.audit.length = 0;
});

const revision = async () => (await store.load({}, new AbortController().signal)).store.revision;

/** Expects a 400 with that reason, in the answer and in the log, and that nothing changed. */
async function expectRefused(target: string, body: unknown, [member, rule]: readonly [string, RegExp]): Promise<void> {
  const before = await revision();
  const answer = await service.post(target, body);
  expect(answer).toMatchObject({ status: 400, body: { err: "api_bad_request" } });
  const reason = answer.body["reason"] as { readonly member: string; readonly rule: string };
  expect([reason.member, reason.rule]).toEqual([member, expect.stringMatching(rule)]);
  expect(service.audit.at(-1)).toMatchObject({ status: 400, reason: `${reason.member} ${reason.rule}` });
  expect(await revision()).toBe(before);
}

describe("a member that would change the meaning of a request if it were ignored", () => {
  it.each<readonly [string, object, readonly [string, RegExp]]>([
    [DELETE, { path: "m", version: 1 }, ["version", /use versions$/]],
    [DELETE, { path: "m", VERSION: 1 }, ["version", /use versions$/]],
    [DELETE, { path: "m", version: 1, versions: [1] }, ["version", /use versions$/]],
    [DELETE, { path: "m", version: null }, ["version", /use versions$/]],
    [UNDELETE, { path: "m", version: 1 }, ["version", /use versions$/]],
    [GET, { path: "m", versions: [1] }, ["versions", /use version$/]],
    [GET, { path: "m", version: 1, versions: [2] }, ["versions", /use version$/]],
    [METADATA, { path: "m", versions: [1] }, ["versions", /use version$/]],
    [DELETE, { path: "m", versions: 1 }, ["versions", /^must be a list of integers$/]],
    [GET, { path: "m", version: [1] }, ["version", /^must be an integer/]],
  ])("is refused: %s %o (Q01)", expectRefused);

  it.each<readonly [string, object, readonly [string, RegExp]]>([
    [SECRETS, { path: "m" }, ["values", /^is required$/]],
    [SECRETS, { path: "new" }, ["values", /^is required$/]],
    [SECRETS, { path: "m", data: { v: "4" } }, ["data", /use values$/]],
    [SECRETS, { path: "m", value: "4" }, ["value", /use values$/]],
    [SECRETS, { path: "m", Data: { v: "4" }, values: { v: "4" } }, ["data", /use values$/]],
    [SECRETS, { path: "m", values: "4" }, ["values", /^must be an object$/]],
    [SECRETS, { path: "m", values: { v: 4 } }, ["values", /member 1 is not a string$/]],
  ])("or is missing, is refused: %s %o (Q02)", expectRefused);

  it.each([null, {}])("values %o are the empty secret (Q02)", async (values) => {
    expect(await service.post(SECRETS, { path: "m", values })).toMatchObject({ status: 200 });
    expect((await service.post(GET, { path: "m" })).text).toBe('{"data":{}}');
  });

  it.each<readonly [string, object, readonly [string, RegExp]]>([
    [SECRETS, { path: "m", values: {}, check_and_set: 3 }, ["check_and_set", /use cas$/]],
    [SECRETS, { path: "m", values: {}, checkAndSet: 3 }, ["check_and_set", /use cas$/]],
    [SECRETS, { path: "m", values: {}, options: { cas: 3 } }, ["options", /use cas$/]],
    [SECRETS, { path: "m", values: {}, "if-match": 3 }, ["if_match", /use cas$/]],
    [SECRETS, { path: "m", values: {}, ifNoneMatch: "*" }, ["if_none_match", /use cas$/]],
    ["/v1/cipher/encrypt", { data: "eA==" }, ["data", /use plaintext$/]],
    ["/v1/cipher/encrypt", { value: "eA==" }, ["value", /use plaintext$/]],
    [SECRETS, { path: "m", values: {}, idempotencyKey: "k" }, ["idempotency_key", /header Idempotency-Key$/]],
    [POLICY, { ...VALID_POLICY, check_and_set: 0 }, ["check_and_set", /use cas$/]],
    [GET, { path: "m", cas: 3 }, ["cas", /no condition$/]],
    [PRUNE, { days: 30, cas: 1 }, ["cas", /no condition$/]],
    [PRUNE, { days: 30, dryRun: true }, ["dry_run", /^is not possible/]],
    [LIST, { path: "m" }, ["path", /use prefix$/]],
    [POLICIES, { path: "^a/" }, ["path", /use pathPattern$/]],
    [AUDIT, { path: "m" }, ["path", /use resource$/]],
  ])("is refused: %s %o (Q03)", expectRefused);
});

describe("any other unknown member", () => {
  it.each<readonly [string, object, string]>([
    [AUDIT, { resouce: "secret:m" }, '"resouce"'],
    [POLICIES, { spiffieidPattern: "x" }, '"spiffieidPattern"'],
    [GET, { path: "m", verison: 1 }, '"verison"'],
    [LIST, { prefx: "m", Limits: 1 }, '"prefx", "Limits"'],
    [SECRETS, { path: "m", values: {}, ttl: "1h" }, '"ttl"'],
    [DELETE, { path: "m", because: "leaked" }, '"because"'],
    ["/v1/cipher/encrypt", { plaintext: "eA==", key: "k" }, '"key"'],
  ])("is named in the warnings of an answer: %s %o (Q03)", async (target, body, names) => {
    const answer = await service.post(target, body);
    expect(answer).toMatchObject({ status: 200, body: { warnings: [`Unknown members were ignored: ${names}.`] } });
    // Names are the caller's text, and may be a value in the wrong place.
    expect(JSON.stringify([service.log, service.audit])).not.toContain(JSON.parse(`[${names}]`)[0]);
  });

  it("is cut and counted, so that an answer stays short (Q03)", async () => {
    const long = Object.fromEntries(Array.from({ length: 99 }, (_, index) => [`${index}-${"x".repeat(2000)}`, 1]));
    const { body, text } = await service.post(GET, { path: "m", ...long });
    expect(body["warnings"]).toEqual([expect.stringMatching(/^Unknown members .* and 89 more\.$/)]);
    expect(text.length).toBeLessThan(1500);
  });

  it.each<readonly [string, object, string]>([
    [GET, { path: "m" }, '{"data":{"v":"3"}}'],
    [GET, { path: "m", err: "" }, '{"data":{"v":"3"}}'],
    [SECRETS, { path: "m", values: {}, err: "" }, '{"version":4,"revision":5}'],
    [DELETE, { path: "m", versions: null }, '{"version":2,"revision":5}'],
    [LIST, {}, '{"keys":["m"]}'],
    [POLICY, VALID_POLICY, '{"id":"p","version":5,"revision":5,"warnings":[]}'],
  ])(
    "adds nothing to the answer of a request without one, so stock clients see no change: %s %o",
    async (target, body, text) => {
      expect((await service.post(target, body)).text).toBe(text);
    },
  );
});

describe("the reason of a 400", () => {
  const wrong: readonly (readonly [string, string | object, readonly [string, RegExp]])[] = [
    [GET, "", ["body", /^must be a JSON object, but is empty$/]],
    [GET, "{path:1}", ["body", /^must be valid JSON/]],
    [GET, '{"path":"m","Path":"m"}', ["body", /^must not name a member twice/]],
    [GET, { path: 1 }, ["path", /^must be a string$/]],
    [GET, {}, ["path", /^is required$/]],
    [GET, { path: "a b" }, ["path", /^must be 1 to 500 characters of a-z A-Z 0-9 /]],
    [SECRETS, { path: "m", values: { "a.b": "canary" } }, ["values", /invalid name at member 1: .*letters, digits/]],
    [SECRETS, { path: "m", values: {}, cas: -1 }, ["cas", /^must be at least 0$/]],
    [LIST, { limit: 10_001 }, ["limit", /^must be from 0 to 10000$/]],
    [LIST, { after: "ä" }, ["after", /^must be 1 to 500 characters/]],
    [POLICY, { ...VALID_POLICY, name: "a.b" }, ["name", /letters, digits, spaces, dashes or underscores/]],
    [POLICY, { ...VALID_POLICY, pathPattern: "a:b" }, ["pathPattern", /may contain only letters, digits and \. _ -/]],
    [POLICY, { ...VALID_POLICY, spiffeidPattern: ".*|x" }, ["spiffeidPattern", /spiffe:\/\//]],
    [POLICY, { ...VALID_POLICY, permissions: ["all"] }, ["permissions", /^must be one or more of read, write/]],
    [`${POLICY}?action=get`, { id: "ä" }, ["id", /letters, digits, spaces/]],
    [PRUNE, {}, ["days", /^is required$/]],
    [PRUNE, { days: 1 }, ["days", /^must be from 7 to 36500$/]],
    [AUDIT, { from: "yesterday" }, ["from", /RFC 3339/]],
    [AUDIT, { limit: 0 }, ["limit", /^must be from 1 to 1000$/]],
    ["/v1/trust/bundle", { trustDomain: "a b", bundle: {} }, ["trustDomain", /^must be 1 to 255 characters/]],
    ["/v1/trust/bundle", { trustDomain: "partner.org" }, ["bundle", /^is required without an endpointUrl$/]],
    ["/v1/operator/rewrap", { after: "x" }, ["after", /next of the previous page/]],
    ["/v1/cipher/decrypt", { version: 2 }, ["version", /^must be 1$/]],
    ["/v1/cipher/decrypt", { version: 1, nonce: "eA==" }, ["nonce", /^must have 12 bytes$/]],
    [
      "/v1/store/secrets?action=rotate",
      {},
      ["query", /^must be absent, or \?action= and one of get, delete, undelete, remove, list$/],
    ],
    ["/v1/store/secrets/metadata", {}, ["query", /^must be \?action= and one of get$/]],
    ["/v1/store/secret", {}, ["target", /^must be the path of an operation/]],
  ];

  it.each(wrong)("names member, rule and limit: %s %o (Q12)", async (target, body, reason) => {
    await expectRefused(target, body, reason);
  });

  it.each(wrong)("is not for strangers, and makes no database request for them: %s %o (Q12)", async (target, body) => {
    service.audit.length = 0;
    const { status, text } = await service.post(target, body, { headers: { authorization: "" } });
    expect([400, 401]).toContain(status);
    expect(text).not.toContain("reason");
    expect(service.audit).toMatchObject([{ roundTrips: 0 }]);
    // The operator learns it anyway.
    if (status === 400) expect(service.audit[0]?.reason).toMatch(/^\w+ /);
  });

  it.each(wrong)("is not for callers without a permission, except for shapes: %s %o (Q12)", async (target, body) => {
    const { status, text } = await (await service.as("/nobody"))(target, body);
    // A wrong shape and a malformed path are refused before permission is checked.
    expect(text.includes("reason")).toBe(status === 400);
    expect([400, 401]).toContain(status);
  });

  it("of a wrong value is 401 to callers without a permission (Q12)", async () => {
    const nobody = await service.as("/nobody");
    const values: readonly (readonly [string, object])[] = [
      [SECRETS, { path: "m" }],
      [SECRETS, { path: "m", values: { "a.b": "v" } }],
      [LIST, { limit: 10_001 }],
      [POLICY, { ...VALID_POLICY, pathPattern: "a:b" }],
      [PRUNE, { days: 1 }],
      [`${POLICY}?action=get`, { id: "ä" }],
    ];
    for (const [target, body] of values) {
      expect(await nobody(target, body), target).toMatchObject({ status: 401, body: { err: "access_unauthorized" } });
    }
  });

  it("is withheld from an identity that only a stored bundle can prove, as long as nothing is loaded (Q12)", async () => {
    const partner = await testDomain("partner.org");
    const stored = await service.post("/v1/trust/bundle", { trustDomain: "partner.org", bundle: partner.bundle });
    expect(stored.status).toBe(200);
    const headers = { authorization: `Bearer ${await partner.token("/w")}` };
    const send = async (body: unknown): Promise<TestAnswer> => await service.post(GET, body, { headers });
    service.audit.length = 0;
    const shape = await send({ path: 1 });
    expect([shape.status, shape.body]).toEqual([400, { data: null, err: "api_bad_request" }]);
    expect(service.audit).toMatchObject([
      { claimed: "spiffe://partner.org/w", reason: "path must be a string", roundTrips: 0 },
    ]);
    expect(await send({ path: "a b" })).toMatchObject({
      status: 400,
      body: { reason: { member: "path", limit: 500 } },
    });
  });

  it("names the limit of a body that is too large, for proved identities only (Q12)", async () => {
    const big = `"${"x".repeat(1024 * 1024)}"`;
    const reason = { member: "body", rule: "must have at most 1048576 bytes", limit: 1_048_576 };
    expect(await service.post(GET, big)).toMatchObject({ status: 413, body: { reason } });
    const stranger = await service.post(GET, big, { headers: { authorization: "" } });
    expect([stranger.status, stranger.body]).toEqual([413, { data: null, err: "too_large" }]);
  });

  it("names a malformed Idempotency-Key and its limit (Q12)", async () => {
    const headers = { authorization: `Bearer ${await service.domain.token("/spike/pilot/role/superuser")}` };
    for (const key of ["", "a b", "ä", "x".repeat(256), "a\tb"]) {
      const answer = await service.post(
        SECRETS,
        { path: "m", values: {} },
        { headers: { ...headers, "Idempotency-Key": key } },
      );
      expect(answer, key).toMatchObject({ status: 400, body: { reason: { member: "Idempotency-Key", limit: 255 } } });
    }
  });
});

describe("version numbers that do not exist", () => {
  it.each<readonly [string, readonly number[], string | undefined]>([
    [DELETE, [99], "99"],
    [DELETE, [-1], "-1"],
    [DELETE, [1, 99, 99, 0, -7], "99, -7"],
    [DELETE, [4], "4"],
    [DELETE, [2 ** 53 - 1], "9007199254740991"],
    [DELETE, [1, 2, 3], undefined],
    [DELETE, [0], undefined],
    [DELETE, [], undefined],
    [UNDELETE, [1, 99], "99"],
    [UNDELETE, [1], undefined],
  ])("are named in the warnings: %s %j (Q15)", async (target, versions, named) => {
    await service.post(DELETE, { path: "m", versions: [1] });
    const key = { "Idempotency-Key": "k" };
    const first = await service.post(target, { path: "m", versions }, { headers: key });
    expect(first.status).toBe(200);
    const sentence = `These versions do not exist, so nothing was done about them: ${named}.`;
    expect(first.body["warnings"]).toEqual(named === undefined ? undefined : [sentence]);
    // The warning is part of the stored outcome: version 4 exists by the time of the repetition.
    await service.post(SECRETS, { path: "m", values: {} });
    expect((await service.post(target, { path: "m", versions }, { headers: key })).text).toBe(first.text);
  });

  it("are counted beyond 100, because the outcome is stored (Q15)", async () => {
    const versions = Array.from({ length: 10_000 }, (_, index) => 1000 + index);
    const { body } = await service.post(DELETE, { path: "m", versions });
    expect(body["warnings"]).toEqual([expect.stringMatching(/: 1000, .*, 1099 and 9900 more\.$/)]);
    const { entries } = (await service.post(AUDIT, { resource: "secret:m" })).body as {
      entries: readonly { outcome: unknown }[];
    };
    const outcome = entries.at(-1)!.outcome as { missing: { numbers: unknown[] } };
    expect(outcome).toMatchObject({ version: 3, versions: [], missing: { count: 10_000 } });
    expect(outcome.missing.numbers).toHaveLength(100);
  });
});

it("the audit and the log line name the versions that were read or changed (Q16)", async () => {
  const written = [
    await service.post(DELETE, { path: "m", versions: [1, 3, 9] }),
    await service.post(DELETE, { path: "m", versions: [1] }),
    await service.post(UNDELETE, { path: "m", versions: [3, 2] }),
    await service.post(SECRETS, { path: "m", values: {} }),
    await service.post(DELETE, { path: "m" }),
  ];
  const changed = [[1, 3], [], [3], [4], [4]];
  expect(written.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  expect(service.audit.map(({ versions }) => versions)).toEqual(changed);
  const { entries } = (await service.post(AUDIT, { resource: "secret:m", after: 4 })).body as {
    entries: readonly { outcome: object }[];
  };
  expect(entries.map(({ outcome }) => outcome)).toMatchObject(changed.map((versions) => ({ versions })));
  service.audit.length = 0;
  await service.post(GET, { path: "m" });
  await service.post(GET, { path: "m", version: 2 });
  await service.post(GET, { path: "m", version: 1 });
  expect(service.audit.map(({ outcome, versions }) => [outcome, versions])).toEqual([
    ["ok", [3]],
    ["ok", [2]],
    ["not_found", undefined],
  ]);
});

describe("a body that cannot be read", () => {
  const send = async (headers: Record<string, string>, body: BodyInit, deadline = service): Promise<Response> =>
    await deadline.fetch(
      new Request(`http://edge.test${GET}`, {
        method: "POST",
        headers: { authorization: `Bearer ${await deadline.domain.token("/spike/pilot/role/superuser")}`, ...headers },
        body,
        duplex: "half",
      } as RequestInit),
    );

  it.each(["gzip", "br", "deflate", "zstd", "gzip, identity", "x-gzip", "identity, identity"])(
    "is 415 if it is encoded as %s (Q17)",
    async (encoding) => {
      const response = await send({ "Content-Encoding": encoding }, '{"path":"m"}');
      const reason = { member: "Content-Encoding", rule: expect.stringMatching(/absent or identity/) };
      expect([response.status, await response.json()]).toEqual([
        415,
        { data: null, err: "unsupported_encoding", reason },
      ]);
    },
  );

  it.each(["", "identity", "Identity"])("is read if its encoding is %j (Q17)", async (encoding) => {
    expect((await send({ "Content-Encoding": encoding }, '{"path":"m"}')).status).toBe(200);
  });

  it.each<readonly [string, string, Record<string, string>]>([
    ["that never begins", "", {}],
    ["that stalls in the middle", '{"path":', {}],
    ["whose length is declared", '{"path"', { "Content-Length": "12" }],
    ["that lacks its last byte", '{"path":"m"', { "Content-Length": "12" }],
    ["that is large and stalls", `{"x":"${"y".repeat(50_000)}`, { "Content-Length": "60000" }],
  ])("is 408 if it is one %s (Q13)", async (_what, start, headers) => {
    const short = await testService(store, { requestTimeoutMs: 100 });
    const stalled = new ReadableStream({
      start: (controller) => {
        if (start !== "") controller.enqueue(new TextEncoder().encode(start));
      },
    });
    const response = await send(headers, stalled, short);
    const reason = { member: "body", rule: "must arrive within the time of a request" };
    expect([response.status, await response.json()]).toEqual([408, { data: null, err: "request_timeout", reason }]);
    expect(short.audit).toMatchObject([{ outcome: "body_too_slow", roundTrips: 0 }]);
    expect(short.log).toEqual([]);
  });
});
