import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseJsonObject } from "../src/json/json-object.ts";
import { OPERATIONS } from "../src/api/nexus/operations.ts";
import { compose } from "../src/runtime/compose.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { StoreUnavailable } from "../src/store/store-unavailable.ts";
import type { Change, Query, Store } from "../src/store/store.ts";
import { buildWorker } from "../tools/workerd/build-worker.ts";
import { startWorker, type Worker } from "../tools/workerd/start-worker.ts";
import { SUPERUSER, testDomain } from "./harness/identity.ts";
import { KEY_A, type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const METADATA = "/v1/store/secrets/metadata";
const POLICY = "/v1/acl/policy";
const GET = `${SECRETS}?action=get`;
const NO_OPERATION = '{"err":"api_bad_request"}';
/** To a proved caller. */
const NO_OPERATION_BECAUSE =
  /^\{"err":"api_bad_request","reason":\{"member":"(?:target|query)","rule":"must be [^"]+"\}\}$/;
const VALID_POLICY = {
  name: "p",
  spiffeidPattern: "^spiffe://spike\\.ist/w$",
  pathPattern: "^app/",
  permissions: ["read", "write"],
};
const MIB = 1024 * 1024;

const ACTIONS = Object.entries(OPERATIONS).flatMap(([path, operations]) =>
  Object.keys(operations).map((action) => ({ path, action, query: action === "" ? "" : `?action=${action}` })),
);
const TARGETS = ACTIONS.map(({ path, query }) => `${path}${query}`);

const ANY_MEMBERS = {
  path: "app/a",
  values: { v: "1" },
  name: "p",
  id: "p",
  spiffeidPattern: VALID_POLICY.spiffeidPattern,
  pathPattern: VALID_POLICY.pathPattern,
  permissions: ["read"],
  trustDomain: "partner.org",
  days: 7,
};

/** A body whose members have the right types for the operation. */
function anyBody(target: string): object {
  if (target === "/v1/operator/restore") return { id: 1, shard: [1] };
  const { path, action } = ACTIONS.find((each) => `${each.path}${each.query}` === target)!;
  const { members } = OPERATIONS[path]![action]!;
  return Object.fromEntries(Object.entries(ANY_MEMBERS).filter(([name]) => name in members));
}

let store: Store;
let service: TestService;
let loads: number;
const commits: Change[] = [];

/** Counts loads and records commits. */
function recordingStore(inner: Store): Store {
  return {
    load: async <Q extends Query>(query: Q, signal: AbortSignal) => {
      loads += 1;
      return await inner.load(query, signal);
    },
    commit: async (change, query, signal) => {
      commits.push(change);
      return await inner.commit(change, query, signal);
    },
  };
}

beforeEach(async () => {
  store = recordingStore(memoryStore({ storeId: "s", now: Date.now }));
  service = await testService(store);
  expect((await service.post(SECRETS, { path: "app/a", values: { v: "canary" } })).status).toBe(200);
  loads = 0;
  commits.length = 0;
  service.audit.length = 0;
});

/**
 * Sends a target like workerd: byte for byte as received. The `Request` of Node would resolve dots and backslashes first.
 */
async function sendRaw(target: string, init: RequestInit = {}): Promise<{ status: number; text: string }> {
  const authorization = `Bearer ${await service.domain.token(SUPERUSER)}`;
  const request = new Request("http://edge.test/", {
    method: "POST",
    headers: { authorization },
    body: JSON.stringify(ANY_MEMBERS),
    ...init,
  });
  Object.defineProperty(request, "url", { value: `http://edge.test${target}` });
  const response = await service.fetch(request);
  return { status: response.status, text: await response.text() };
}

/** Expects that the targets name no operation, and that the service notices before it uses the store or the body. */
async function expectNoOperation(targets: readonly string[]): Promise<void> {
  for (const target of targets) {
    service.audit.length = 0;
    expect(await sendRaw(target), target).toEqual({ status: 400, text: expect.stringMatching(NO_OPERATION_BECAUSE) });
    expect(service.audit, target).toMatchObject([{ action: "none", outcome: "no_such_operation", roundTrips: 0 }]);
  }
  expect([loads, commits]).toEqual([0, []]);
}

/** The targets of all operations with a changed path, once for each change. */
function withPaths(...changes: readonly ((path: string) => string)[]): readonly string[] {
  return ACTIONS.flatMap(({ path, query }) => changes.map((change) => `${change(path)}${query}`));
}

/** Expects 400 for malformed secret paths, before the store is used. */
async function expectMalformedPaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    for (const target of [
      SECRETS,
      GET,
      `${SECRETS}?action=delete`,
      `${SECRETS}?action=undelete`,
      `${SECRETS}?action=remove`,
      `${METADATA}?action=get`,
    ]) {
      expect((await service.post(target, { path, values: {} })).status, `${target} ${JSON.stringify(path)}`).toBe(400);
    }
  }
  expect([loads, commits]).toEqual([0, []]);
}

/** Expects that each path is a secret of its own. */
async function expectDistinctPaths(paths: readonly string[]): Promise<void> {
  for (const path of paths) expect((await service.post(SECRETS, { path, values: { v: path } })).status, path).toBe(200);
  for (const path of paths) expect((await service.post(GET, { path })).body, path).toEqual({ data: { v: path } });
  const { keys } = (await service.post(`${SECRETS}?action=list`, {})).body as { keys: readonly string[] };
  expect(keys).toEqual(expect.arrayContaining([...paths]));
}

describe("request targets and secret paths", () => {
  it("reaches every operation by its target", async () => {
    for (const target of TARGETS) {
      service.audit.length = 0;
      await sendRaw(target);
      expect(service.audit[0]?.action, target).not.toBe("none");
    }
  });

  it("rejects a target with an encoded slash, however often it is encoded (P01)", async () => {
    const replaceLast = (slash: string) => (path: string) => path.replace(/\/(?=[^/]*$)/, slash);
    const replaceAll = (slash: string) => (path: string) => `/${path.slice(1).replaceAll("/", slash)}`;
    await expectNoOperation(
      withPaths(
        replaceLast("%2F"),
        replaceLast("%2f"),
        replaceLast("%252F"),
        replaceAll("%2F"),
        (path) => `/%2F${path.slice(1)}`,
      ),
    );
  });

  it("does not decode a secret path: % is outside the alphabet (P01)", async () => {
    await expectMalformedPaths(["app%2Fa", "app%2fa", "app%252Fa", "app%2F..%2Fapp%2Fa", "%61pp/a"]);
  });

  it("rejects a target with an encoded letter in its path or query (P02)", async () => {
    const encode = (letter: string) => `%${letter.charCodeAt(0).toString(16)}`;
    await expectNoOperation(
      withPaths(
        (path) => path.replace("v", encode),
        (path) => path.replace(/[a-z]$/, encode),
      ),
    );
    const queries = [
      "%61ction=get",
      "action=%67et",
      "action%3Dget",
      "a%63tion=list",
      "action=ge%74",
      "action=+get",
      "action=get%20",
    ];
    await expectNoOperation(queries.map((query) => `${SECRETS}?${query}`));
  });

  it("does not resolve dots and backslashes in a target (P03)", async () => {
    await expectNoOperation(
      withPaths(
        (path) => path.replace("/v1", "/v1/x/.."),
        (path) => path.replace("/v1", "/v1/."),
        (path) => path.replace("/v1", "/v1/%2e%2e/v1"),
        (path) => path.replace("/v1", "/x/%2E./v1"),
        (path) => path.replaceAll("/", "\\"),
        (path) => path.replace(/\/(?=[^/]*$)/, "\\"),
        (path) => `${path}/.`,
        (path) => `${path}/x/..`,
        (path) => `${path}/..;/`,
      ),
    );
  });

  it("authorizes and executes the same operation if the runtime has resolved the target (P03)", async () => {
    const resolved = new URL("http://edge.test/v1/x/%2e%2e/store/./secrets").pathname;
    expect(resolved).toBe(SECRETS);
    for (const target of ["/v1/x/../store/secrets", "/v1/x/%2e%2e/store/secrets", "/v1/.\\store\\secrets"]) {
      service.audit.length = 0;
      const anonymous = await service.post(target, { path: "app/b", values: {} }, { headers: { authorization: "" } });
      expect(anonymous.status, target).toBe(401);
      const unprivileged = await (await service.as("/nobody"))(target, { path: "app/b", values: {} });
      expect(unprivileged.status, target).toBe(401);
      expect(service.audit, target).toMatchObject([{ action: "secret.put" }, { action: "secret.put" }]);
    }
    expect(commits).toEqual([]);
    const resolvedGet = await service.post(`/v1/audit/../store/secrets?action=get`, { path: "app/a" });
    expect(resolvedGet.body).toEqual({ data: { v: "canary" } });
    expect(service.audit.at(-1)).toMatchObject({ action: "secret.get", resource: "secret:app/a" });
  });

  it("treats dots and backslashes in a secret path as ordinary characters: different paths are different secrets (P03)", async () => {
    await expectDistinctPaths(["a/../b", "b", "a/./b", "a/b", "..", ".", "../app/a", "a\\b", "./a/b", "a/b/."]);
    expect((await service.post(GET, { path: "app/x/../a" })).status).toBe(404);
    expect((await service.post(GET, { path: "app\\a" })).status).toBe(404);
  });

  it("does not extend the prefix of a policy by dots in a secret path (P03)", async () => {
    await service.post(POLICY, VALID_POLICY);
    await service.post(SECRETS, { path: "other/a", values: { v: "canary" } });
    const workload = await service.as("/w");
    expect((await workload(GET, { path: "app/a" })).status).toBe(200);
    // These paths are within the prefix. No such secrets exist.
    for (const path of ["app/../other/a", "app/..\\other\\a"]) {
      expect((await workload(GET, { path })).status, path).toBe(404);
    }
    for (const path of ["other/a", "./app/a", "other/../app/a", "/app/a", "\\app/a"]) {
      expect((await workload(GET, { path })).status, path).toBe(401);
    }
  });

  it("rejects NUL in a target or a secret path, and keeps it in a value (P04)", async () => {
    await expectNoOperation(
      withPaths(
        (path) => `${path}%00`,
        (path) => path.replace("/v1", "/v1%00"),
        (path) => `${path}\u0000`,
      ),
    );
    await expectMalformedPaths(["app/a\u0000", "\u0000", "app\u0000/a", "app/a\u0000.txt"]);
    expect((await service.post(GET, '{"path":"app/a\u0000"}')).status, "an unescaped NUL is not JSON").toBe(400);
    expect((await service.post(SECRETS, { path: "nul", values: { v: "a\u0000b" } })).status).toBe(200);
    expect((await service.post(GET, { path: "nul" })).body).toEqual({ data: { v: "a\u0000b" } });
  });

  it("distinguishes two slashes from one (P05)", async () => {
    await expectNoOperation(
      withPaths(
        (path) => `/${path}`,
        (path) => path.replaceAll("/", "//"),
        (path) => path.replace("/v1/", "/v1//"),
        (path) => `${path}//`,
      ),
    );
    await expectDistinctPaths(["a//b", "a/b", "/a/b", "//a/b", "a/b/", "a/b//"]);
  });

  it("rejects look-alike characters, composed or decomposed, in targets, paths and names (P06)", async () => {
    const [composed, decomposed] = ["caf\u00E9", "cafe\u0301"];
    expect(composed.normalize("NFD")).toBe(decomposed);
    const lookAlikes = [
      composed,
      decomposed,
      "\u0430pp/a",
      "app\u2215a",
      "app\uFF0Fa",
      "\u1D43pp/a",
      "app/\u200Ba",
      "\uFF41pp/a",
    ];
    await expectNoOperation(lookAlikes.map((text) => `${SECRETS}/${text}`));
    await expectMalformedPaths(lookAlikes);
    for (const text of lookAlikes) {
      expect((await service.post(SECRETS, { path: "x", values: { [text]: "" } })).status, text).toBe(400);
      expect((await service.post(POLICY, { ...VALID_POLICY, name: text })).status, text).toBe(400);
      expect((await service.post(POLICY, { ...VALID_POLICY, pathPattern: text })).status, text).toBe(400);
    }
    expect(commits).toEqual([]);
  });

  it("rejects a target with malformed escapes, or with escapes that are not UTF-8 (P07)", async () => {
    const escapes = ["%ff", "%C0%AF", "%c0%ae", "%E0%80%AF", "%ED%A0%80", "%zz", "%", "%2", "%u002F"];
    await expectNoOperation(
      escapes.flatMap((escape) => [
        `${SECRETS}${escape}`,
        `/v1${escape}store/secrets`,
        `${SECRETS}?action=get${escape}`,
      ]),
    );
    await expectMalformedPaths(escapes.map((escape) => `app${escape}a`));
  });

  it.each([
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a truncated character", [0xe2, 0x82]],
    ["a lone continuation byte", [0x80]],
    ["a code point beyond Unicode", [0xf4, 0x90, 0x80, 0x80]],
  ])("rejects a body that is not UTF-8: %s (P07)", async (_case, bytes) => {
    const authorization = `Bearer ${await service.domain.token(SUPERUSER)}`;
    const encode = (text: string) => [...new TextEncoder().encode(text)];
    const values = Uint8Array.from([...encode('{"path":"u","values":{"v":"'), ...bytes, ...encode('"}}')]);
    const request = new Request(`http://edge.test${SECRETS}`, {
      method: "POST",
      headers: { authorization },
      body: values,
    });
    expect((await service.fetch(request)).status).toBe(400);
    expect(commits).toEqual([]);
  });

  it("rejects line breaks in targets and secret paths (P08)", async () => {
    await expectNoOperation(
      withPaths(
        (path) => `${path}%0A`,
        (path) => `${path}%0d%0a`,
        (path) => `/%0A${path.slice(1)}`,
        (path) => `${path}\n`,
      ),
    );
    await expectNoOperation([`${GET}%0A`, `${GET}\n`, `${GET}%0d%0aX-Forwarded-Host:x`]);
    await expectMalformedPaths(["app/a\n", "\napp/a", "app\n/a", "app/a\r\n", "app/a\u2028", "app/a\u0085", "app/a\v"]);
  });

  it("rejects path parameters and fragments in a target, encoded or not (P09)", async () => {
    await expectNoOperation(
      withPaths(
        (path) => `${path};x`,
        (path) => `${path};`,
        (path) => path.replace("/v1", "/v1;x=y"),
        (path) => `${path}%3Bx`,
        (path) => `${path}%23`,
      ),
    );
    await expectNoOperation([
      `${SECRETS}#`,
      `${SECRETS}#x`,
      `${GET}#x`,
      `${SECRETS}%23?action=get`,
      `${SECRETS}%3Faction=get`,
    ]);
    await expectMalformedPaths(["app/a;x", "app/a#", "app/a&x", "app/a%23", "app/a=b"]);
  });

  it("distinguishes upper and lower case in targets, actions, secret paths and names (P10)", async () => {
    await expectNoOperation(
      withPaths(
        (path) => path.toUpperCase(),
        (path) => path.replace("v1", "V1"),
        (path) => `${path}/`,
      ),
    );
    await expectNoOperation([
      `${SECRETS}?action=GET`,
      `${SECRETS}?Action=get`,
      `${SECRETS}?ACTION=get`,
      `${POLICY}?action=List`,
    ]);
    await expectDistinctPaths(["App/a", "APP/A", "app/A"]);
    for (const name of ["reader", "Reader"])
      expect((await service.post(POLICY, { ...VALID_POLICY, name })).status).toBe(200);
    expect((await service.post(`${POLICY}?action=delete`, { id: "READER" })).status).toBe(404);
    expect((await service.post(`${POLICY}?action=list`, {})).body["policies"]).toHaveLength(2);
  });

  it("accepts every character of the alphabet at every position of a secret path, and no other byte (P10)", async () => {
    const alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/()?+*|[]{}\\";
    for (let code = 0; code < 256; code += 1) {
      const character = String.fromCharCode(code);
      for (const path of [character, `a${character}b`]) {
        const { status } = await service.post(GET, { path });
        expect(status, JSON.stringify(path)).toBe(alphabet.includes(character) ? 404 : 400);
      }
    }
  });

  it("rejects a query with anything but the action, and a resource in the path (P11)", async () => {
    const queries = [
      "path=app/b",
      "action=get&path=app/b",
      "path=app/b&action=get",
      "action=get&version=1",
      "action=get&action=get",
      "action=get&action=list",
      "action=get&",
      "&action=get",
      "action=get;path=x",
      "action=get?action=list",
      "",
      "action",
      "action=",
      "action==get",
      "x",
      "_=1",
    ];
    await expectNoOperation(queries.map((query) => `${SECRETS}?${query}`));
    await expectNoOperation([
      "/app/a",
      "/v1/store/secrets/app/a",
      "/v1/store/secrets/app/a?action=get",
      "/v1/acl/policy/p?action=get",
    ]);
  });
});

describe("request bodies", () => {
  const statusOf = async (target: string, body: string) => (await service.post(target, body)).status;

  it.each(TARGETS)("%s rejects a duplicate member, in any spelling and at any depth (P12)", async (target) => {
    const duplicates = [
      '"path":"app/a","path":"other/a"',
      '"path":"app/a","PATH":"other/a"',
      '"path":"app/a","p\\u0061th":"other/a"',
      '"name":"p","Name":"q"',
      '"id":"p","ID":"p"',
      '"values":{},"VALUE\u017F":{}',
      '"\u212A":1,"k":1',
      '"unknown":{"deep":[{"a":1,"a":1}]}',
    ];
    for (const members of duplicates) expect(await statusOf(target, `{${members}}`), members).toBe(400);
    expect([loads, commits]).toEqual([0, []]);
  });

  it("accepts value names that differ by case, and rejects equal ones (P12)", async () => {
    const put = async (values: string) => await statusOf(SECRETS, `{"path":"duplicates","values":${values}}`);
    expect(await put('{"a":"1","A":"2","path":"3"}')).toBe(200);
    expect((await service.post(GET, { path: "duplicates" })).text).toBe('{"data":{"a":"1","A":"2","path":"3"}}');
    for (const values of ['{"a":"1","a":"1"}', '{"a":"1","\\u0061":"2"}', '{"a":null,"a":"2"}'])
      expect(await put(values), values).toBe(400);
  });

  it.each(TARGETS)(
    "%s limits the depth and the number of members of a body before it identifies the caller (P13)",
    async (target) => {
      const anonymous = { headers: { authorization: "" } };
      const members = (count: number) => Array.from({ length: count }, (_, n) => `"n${n}":""`).join(",");
      const tooMuch = {
        depth: `{"x":${"[".repeat(32)}${"]".repeat(32)}}`,
        members: `{"values":{${members(12_000)}}}`,
        elements: `{"x":[${"1,".repeat(12_000)}1]}`,
        lists: `{"x":[${"[],".repeat(6000)}1]}`,
        fields: `{${members(101)}}`,
        "a name": `{"${"n".repeat(2050)}":1}`,
      };
      for (const [kind, body] of Object.entries(tooMuch)) {
        const answer = await service.post(target, body, anonymous);
        expect([answer.status, answer.body["err"]], kind).toEqual([400, "api_bad_request"]);
      }
      expect(service.audit.every(({ outcome }) => outcome === "bad_request")).toBe(true);
      expect([loads, commits]).toEqual([0, []]);
    },
  );

  it("accepts 10 000 values, and names of maximum length in their longest spelling (P13)", async () => {
    const name = "n".repeat(250);
    const values = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`n${n}`, ""]));
    expect((await service.post(SECRETS, { path: "many", values })).status).toBe(200);
    expect((await service.post(GET, { path: "many" })).body).toEqual({ data: values });
    const escaped = "\\u006e".repeat(250);
    expect(await statusOf(SECRETS, `{"path":"long","values":{"${escaped}":"v"}}`)).toBe(200);
    expect((await service.post(GET, { path: "long" })).body).toEqual({ data: { [name]: "v" } });
    const versions = Array.from({ length: 10_000 }, (_, n) => n);
    expect((await service.post(`${SECRETS}?action=delete`, { path: "many", versions })).status).toBe(200);
  });

  it("rejects strings of more than 4096 characters, except values, which may fill the body (P13)", async () => {
    const long = "x".repeat(4097);
    for (const [target, body] of [
      ["/v1/audit?action=list", { resource: long }],
      ["/v1/audit?action=list", { spiffeId: long }],
      [`${POLICY}?action=list`, { pathPattern: long }],
      [POLICY, { ...VALID_POLICY, permissions: [long] }],
    ] as const) {
      expect((await service.post(target, body)).status, target).toBe(400);
    }
    expect([loads, commits]).toEqual([0, []]);
    const value = "v".repeat(MIB - 100);
    expect((await service.post(SECRETS, { path: "big", values: { value } })).status).toBe(200);
    expect((await service.post(GET, { path: "big" })).body).toEqual({ data: { value } });
  });

  it("parses a body in linear time (P13)", () => {
    const texts: Readonly<Record<string, (length: number) => string>> = {
      escapes: (length) => `{"a":"${"\\n".repeat(length / 2)}"}`,
      spaces: (length) => `{"a":1${" ".repeat(length)}}`,
      digits: (length) => `{"a":${"9".repeat(length)}}`,
      quotes: (length) => '"'.repeat(length),
      names: (length) =>
        `{"a":{${Array.from({ length: 11_900 }, (_, n) => `"${"p".repeat(length / 14_000)}${n}":1`).join(",")}}}`,
    };
    const fastest = (text: string): number => {
      const times = Array.from({ length: 5 }, () => {
        const start = performance.now();
        parseJsonObject(text);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    for (const [kind, text] of Object.entries(texts)) {
      const [half, whole] = [fastest(text(MIB / 2)), fastest(text(MIB))];
      // Twice the text may take about twice the time. Times below 200 ms are too short to compare.
      expect(whole, kind).toBeLessThan(Math.max(200, 4 * half));
    }
  });
});

describe("request methods and headers", () => {
  const OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Method", "_method"];

  it.each(TARGETS)("%s is a POST only by its method, whatever override headers say (P14)", async (target) => {
    const authorization = `Bearer ${await service.domain.token(SUPERUSER)}`;
    const overrides = (method: string) => Object.fromEntries(OVERRIDES.map((name) => [name, method]));
    for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const headers = { authorization, ...overrides("POST") };
      const request = new Request(`http://edge.test${target}`, { method, headers });
      expect((await service.fetch(request)).status, method).toBe(400);
    }
    expect([loads, commits]).toEqual([0, []]);
    service.audit.length = 0;
    await service.post(target, anyBody(target));
    await service.post(target, anyBody(target), { headers: overrides("GET") });
    await service.post(target, anyBody(target), { headers: overrides("DELETE") });
    const [plain, ...overridden] = service.audit.map(({ action }) => action);
    expect(overridden).toEqual([plain, plain]);
  });

  it("ignores headers that name another target, host or method (P14)", async () => {
    const headers = {
      "X-Original-URL": "/v1/acl/policy",
      "X-Rewrite-URL": "/v1/acl/policy",
      "X-Forwarded-Prefix": "/v1/acl",
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Method": "DELETE",
      Forwarded: "host=evil.example",
    };
    expect((await service.post(GET, { path: "app/a" }, { headers })).body).toEqual({ data: { v: "canary" } });
    expect(service.audit).toMatchObject([{ action: "secret.get", resource: "secret:app/a" }]);
  });

  it("rejects HEAD and OPTIONS for every target, with and without an identity, and reveals no operation (P15)", async () => {
    const authorization = `Bearer ${await service.domain.token(SUPERUSER)}`;
    for (const target of [...TARGETS, "/", "/v1/none"]) {
      for (const method of ["HEAD", "OPTIONS"]) {
        for (const headers of [{ authorization }, {}]) {
          const preflight = { Origin: "https://evil.example", "Access-Control-Request-Method": "POST", ...headers };
          const response = await service.fetch(
            new Request(`http://edge.test${target}`, { method, headers: preflight }),
          );
          expect(response.status, `${method} ${target}`).toBe(400);
          expect(await response.text()).toBe(method === "HEAD" ? "" : NO_OPERATION);
          const revealing = [...response.headers.keys()].filter((name) =>
            /^(allow|access-control|vary|server-timing)/.test(name),
          );
          expect(revealing).toEqual([]);
        }
      }
    }
    expect(
      service.audit.every(({ outcome, spiffeId }) => outcome === "no_such_operation" && spiffeId === undefined),
    ).toBe(true);
    expect([loads, commits]).toEqual([0, []]);
  });

  it("answers HEAD of a health check like GET, and logs it (P15)", async () => {
    const send = async (method: string) => {
      const response = await service.fetch(new Request("http://edge.test/readyz", { method }));
      return [response.status, [...response.headers].filter(([name]) => name !== "x-request-id")];
    };
    expect(await send("HEAD")).toEqual(await send("GET"));
    expect(loads).toBe(2);
    expect(service.audit.map(({ action }) => action)).toEqual(["ops.readyz", "ops.readyz"]);
  });

  it("parses a body as JSON whatever its content type, and accepts no other format (P16)", async () => {
    const types = [
      "",
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/octet-stream",
    ];
    for (const type of [
      ...types,
      "application/json",
      "APPLICATION/JSON; charset=utf-16",
      "application/json, text/html",
    ]) {
      const headers = { "Content-Type": type };
      expect((await service.post(GET, '{"path":"app/a"}', { headers })).body, type).toEqual({ data: { v: "canary" } });
      for (const body of [
        "path=app%2Fa",
        '--x\r\nContent-Disposition: form-data; name="path"\r\n\r\napp/a\r\n--x--',
        "<path>app/a</path>",
        "",
      ]) {
        expect((await service.post(GET, body, { headers })).status, `${type}: ${body}`).toBe(400);
      }
    }
  });

  it("does not decompress a body or decode UTF-16 (P16)", async () => {
    const authorization = `Bearer ${await service.domain.token(SUPERUSER)}`;
    const plain = new TextEncoder().encode('{"path":"app/a"}');
    const gzip = await new Response(new Blob([plain]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
    const utf16 = Uint8Array.from([...plain].flatMap((byte) => [byte, 0]));
    for (const [encoding, body, status] of [
      ["gzip", gzip, 415],
      ["gzip", plain, 415],
      ["identity", utf16, 400],
    ] as const) {
      const headers = { authorization, "Content-Encoding": encoding };
      const request = new Request(`http://edge.test${GET}`, { method: "POST", headers, body });
      expect((await service.fetch(request)).status).toBe(status);
    }
    expect(loads).toBe(0);
  });
});

describe("independence of requests", () => {
  it("caches nothing: what another instance writes, revokes or deletes takes effect at once (P19)", async () => {
    const other = await testService(store, {});
    await service.post(POLICY, VALID_POLICY);
    const workload = await service.as("/w");
    const read = async () => await workload(GET, { path: "app/a" });
    expect((await read()).body).toEqual({ data: { v: "canary" } });
    await other.post(SECRETS, { path: "app/a", values: { v: "2" } });
    expect((await read()).body).toEqual({ data: { v: "2" } });
    await other.post(`${SECRETS}?action=delete`, { path: "app/a", versions: [1, 2] });
    expect((await read()).status).toBe(404);
    await other.post(`${POLICY}?action=delete`, { id: "p" });
    expect((await read()).status).toBe(401);
    loads = 0;
    for (let n = 0; n < 3; n += 1) await service.post(GET, { path: "app/a" });
    expect(loads).toBe(3);
  });

  it("serves other requests while one hangs, even for the same path (P20)", async () => {
    const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let first = true;
    const hanging = await testService({
      load: async (query, signal) => {
        if (first) {
          first = false;
          arrived.resolve();
          await released.promise;
        }
        return await store.load(query, signal);
      },
      commit: async (change, query, signal) => await store.commit(change, query, signal),
    });
    let isHanging = true;
    const answer = hanging.post(GET, { path: "app/a" }).finally(() => (isHanging = false));
    await arrived.promise;
    for (let n = 0; n < 20; n += 1) expect((await hanging.post(GET, { path: "app/a" })).status).toBe(200);
    expect((await hanging.post(SECRETS, { path: "app/a", values: {} })).status).toBe(200);
    expect(isHanging).toBe(true);
    released.resolve();
    expect((await answer).status).toBe(200);
  });

  it("passes only the work of the response itself to waitUntil (P21)", async () => {
    const domain = await testDomain();
    const app = await compose(
      {
        SPIKE_NEXUS_BACKEND_STORE: "memory",
        SPIKE_ROOT_KEYS: KEY_A,
        SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
      },
      { log: () => undefined, audit: () => undefined },
    );
    const authorization = `Bearer ${await domain.token(SUPERUSER)}`;
    for (const [target, body] of [
      [SECRETS, { path: "a", values: { v: "canary" } }],
      [GET, { path: "a" }],
      [GET, { path: "none" }],
      [`${SECRETS}?action=list`, {}],
      ["/v1/none", {}],
    ] as const) {
      const held: Promise<unknown>[] = [];
      const context = {
        waitUntil: (work: Promise<unknown>) => void held.push(work),
        passThroughOnException: () => undefined,
        props: {},
      };
      const init = { method: "POST", headers: { authorization }, body: JSON.stringify(body) };
      const answer = await app.fetch(new Request(`http://edge.test${target}`, init), {}, context);
      expect(held, target).toHaveLength(1);
      // The first fulfilled promise wins the race.
      expect(await Promise.race([...held, Promise.resolve("not fulfilled yet")]), target).toBe(answer);
    }
  });

  it("derives no number, key, nonce or order from the clock (P29)", async () => {
    const now = 1_800_000_000_000;
    const frozen = await testService(memoryStore({ storeId: "s", now: () => now }), { platform: { now: () => now } });
    const token = await frozen.domain.token(SUPERUSER, { exp: now / 1000 + 60 });
    const post = async (target: string, body: object) =>
      await frozen.post(target, body, { headers: { authorization: `Bearer ${token}` } });
    const puts = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => await post(SECRETS, { path: "a", values: { n: String(n) } })),
    );
    const numbers = puts.map(({ body }) => Number(body["version"]));
    expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(new Set(puts.map(({ headers }) => headers.get("x-request-id"))).size).toBe(12);
    const { entries } = (await post("/v1/audit?action=list", {})).body as {
      entries: readonly Record<string, unknown>[];
    };
    expect(new Set(entries.map(({ time }) => time)).size).toBe(1);
    for (const unique of ["revision", "writeId", "mac", "traceId"]) {
      expect(new Set(entries.map((entry) => entry[unique])).size, unique).toBe(12);
    }
    expect((await post("/v1/audit?action=verify", {})).body).toMatchObject({ entries: 12, problems: [] });
    for (const [n, number] of numbers.entries()) {
      if (number > 2)
        expect((await post(GET, { path: "a", version: number })).body).toEqual({ data: { n: String(n) } });
    }
  });
});

describe("responses", () => {
  /** Values with "canary" wherever a log could repeat it. This function must not be named so: stack frames contain its name. */
  const thrownValues = (): readonly unknown[] => {
    const caused = new Error("canary-outer", { cause: new Error("canary-cause") });
    const withMembers = Object.assign(new TypeError("canary\n    at canary (canary:1:1)"), {
      value: "canary",
      toJSON: () => "canary",
    });
    return [
      caused,
      withMembers,
      new AggregateError([new Error("canary")], "canary"),
      "canary",
      { toString: () => "canary", canary: 1 },
      42,
    ];
  };

  it("reveal no message, member or cause of an exception (P23)", async () => {
    for (const thrown of thrownValues()) {
      const broken = await testService({
        // A driver may throw any value.
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors
        load: async () => await Promise.reject(thrown),
        commit: async () => await Promise.reject(new Error("not reached")),
      });
      const answer = await broken.post(GET, { path: "app/a" });
      expect([answer.status, answer.body["err"]]).toEqual([500, "api_internal_error"]);
      expect(broken.log).toHaveLength(1);
      expect(JSON.stringify([answer.text, [...answer.headers], broken.log, broken.audit])).not.toContain("canary");
    }
  });

  it("are no-store whatever their status, and never in the Cache API (P24)", async () => {
    const used = vi.fn();
    vi.stubGlobal("caches", new Proxy({}, { get: (_, name) => used(name) }));
    const statuses = new Set<number>();
    const check = (status: number, headers: Headers, request: string): void => {
      statuses.add(status);
      expect(headers.get("cache-control"), request).toMatch(/\bno-store\b/);
      for (const name of ["etag", "last-modified", "age", "set-cookie"]) expect(headers.get(name), request).toBeNull();
    };
    const send = async (by: Pick<TestService, "fetch">, target: string, init: RequestInit = {}): Promise<void> => {
      const { status, headers } = await by.fetch(new Request(`http://edge.test${target}`, init));
      check(status, headers, `${init.method} ${target}`);
    };
    for (const target of TARGETS) {
      for (const [body, headers] of [
        [anyBody(target), {}],
        ["{", {}],
        [anyBody(target), { authorization: "" }],
        ["x".repeat(MIB + 1), {}],
      ] as const) {
        const answer = await service.post(target, body, { headers });
        check(answer.status, answer.headers, target);
      }
    }
    await service.post(SECRETS, { path: "app/c", values: {} }, { headers: { "Idempotency-Key": "k" } });
    for (const [target, body, headers] of [
      [SECRETS, { path: "app/a", values: {}, cas: 99 }, {}],
      [SECRETS, { path: "app/d", values: {} }, { "Idempotency-Key": "k" }],
      [GET, { path: "none" }, {}],
    ] as const) {
      const answer = await service.post(target, body, { headers });
      check(answer.status, answer.headers, target);
    }
    const failing = (reason: Error): Store => ({
      load: async () => await Promise.reject(reason),
      commit: async () => await Promise.reject(reason),
    });
    const limited = { limit: async () => await Promise.resolve({ success: false }) };
    const [down, broken, busy] = [
      await testService(failing(new StoreUnavailable("rejected", "none", "x"))),
      await testService(failing(new Error("x"))),
      await testService(store, { rateLimits: { byAddress: limited, byIdentity: limited } }),
    ];
    const unready = await compose({}, { log: () => undefined, audit: () => undefined });
    for (const by of [
      service,
      down,
      broken,
      busy,
      { domain: service.domain, fetch: async (request: Request) => await unready.fetch(request) },
    ]) {
      const authorization = `Bearer ${await by.domain.token(SUPERUSER)}`;
      for (const target of ["/healthz", "/readyz", "/", "/favicon.ico", GET]) {
        for (const method of ["GET", "HEAD", "OPTIONS", "POST"]) {
          const headers = { authorization, "CF-Connecting-IP": "192.0.2.1" };
          await send(by, target, { method, headers, ...(method === "POST" && { body: '{"path":"a"}' }) });
        }
      }
    }
    expect([...statuses].toSorted((a, b) => a - b)).toEqual(
      expect.arrayContaining([200, 400, 401, 404, 409, 413, 422, 429, 500, 503]),
    );
    expect(used).not.toHaveBeenCalled();
  });

  it("do not reveal to an unprivileged caller whether a resource exists, in status, body, headers or work (P26)", async () => {
    await service.post(POLICY, { ...VALID_POLICY, pathPattern: "^other/" });
    for (const path of ["/nobody", "/w"]) {
      const send = await service.as(path);
      const request = async (target: string, body: object) => {
        loads = 0;
        const { status, text, headers } = await send(target, body);
        return { status, text, loads, headers: [...headers].filter(([name]) => name !== "x-request-id") };
      };
      for (const target of [
        SECRETS,
        GET,
        `${SECRETS}?action=delete`,
        `${SECRETS}?action=undelete`,
        `${SECRETS}?action=remove`,
        `${METADATA}?action=get`,
      ]) {
        const existing = await request(target, { path: "app/a", values: {} });
        expect(existing, target).toMatchObject({ status: 401, loads: 1 });
        expect(existing.headers.map(([name]) => name)).not.toContain("server-timing");
        expect(await request(target, { path: "app/none", values: {} }), target).toEqual(existing);
        const isList = /delete|undelete/.test(target);
        const hasCas = target === SECRETS || target.endsWith("=remove");
        const other = hasCas ? { cas: 9 } : isList ? { versions: [9] } : { version: 9 };
        expect(await request(target, { path: "app/a", values: {}, ...other }), target).toEqual(existing);
      }
      for (const action of ["get", "delete"]) {
        const existing = await request(`${POLICY}?action=${action}`, { id: "p" });
        expect(existing).toMatchObject({ status: 401, loads: 1 });
        expect(await request(`${POLICY}?action=${action}`, { id: "none" })).toEqual(existing);
      }
    }
  });

  it("involve no fetch of a URL from the request (P27)", async () => {
    const fetched = vi.fn(async () => await Promise.resolve(new Response("{}")));
    vi.stubGlobal("fetch", fetched);
    const recording = await testService(store, { fetch: fetched });
    const url = "https://evil.example/keys";
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const claims = { sub: "spiffe://spike.ist/w", aud: "spike-nexus", exp: 4_000_000_000, iss: url };
    for (const header of [{}, { jku: url }, { x5u: url }, { kid: url }, { jwk: { kty: "EC" } }]) {
      const authorization = `Bearer ${encode({ alg: "ES256", kid: "k1", ...header })}.${encode(claims)}.AAAA`;
      for (const target of TARGETS) {
        expect((await recording.post(target, anyBody(target), { headers: { authorization } })).status).toBe(401);
      }
    }
    // Except a refresh, which fetches a bundle from the URL that a superuser stored.
    for (const target of TARGETS.filter((target) => !target.includes("action=refresh")))
      await recording.post(target, anyBody(target));
    expect(fetched).not.toHaveBeenCalled();
  });

  it("reject an anonymous body at the size limit, without reading further (P28)", async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const request = new Request(`http://edge.test${SECRETS}`, {
      method: "POST",
      body: endless,
      duplex: "half",
    } as RequestInit);
    expect((await service.fetch(request)).status).toBe(413);
    expect(pulled).toBeLessThanOrEqual(MIB / 65_536 + 3);
    expect(loads).toBe(0);
  });

  afterEach(() => void vi.unstubAllGlobals());
});

describe("a real worker, over a raw connection", () => {
  let built: Awaited<ReturnType<typeof buildWorker>>;
  let worker: Worker;
  let authorization: string;
  beforeAll(async () => {
    const domain = await testDomain();
    authorization = `Bearer ${await domain.token(SUPERUSER)}`;
    built = await buildWorker();
    worker = await startWorker(built.folder, {
      SPIKE_NEXUS_BACKEND_STORE: "memory",
      SPIKE_ROOT_KEYS: KEY_A,
      SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
    });
    expect(await sendBytes(SECRETS, '{"path":"app/a","values":{"v":"canary"}}')).toMatchObject({ status: 200 });
  });
  afterAll(async () => {
    await worker.kill();
    built.remove();
  });

  /** Sends one request with an unchanged target, and reads the response until the connection ends. */
  async function sendBytes(
    target: string,
    body: string,
    host = "Host: edge.test",
  ): Promise<{ status: number; text: string; head: string }> {
    const socket = connect(Number(new URL(worker.url).port), "127.0.0.1");
    const head = [
      `POST ${target} HTTP/1.1`,
      host,
      `Authorization: ${authorization}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      "Connection: close",
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    const [answerHead = "", text = ""] = Buffer.concat(chunks).toString().split("\r\n\r\n");
    return { status: Number(answerHead.split(" ")[1]), text, head: answerHead.toLowerCase() };
  }

  it("accepts no other spelling of a target (P01, P02, P03, P05, P08, P09, P11)", async () => {
    expect(await sendBytes(GET, '{"path":"app/a"}')).toMatchObject({ status: 200, text: '{"data":{"v":"canary"}}' });
    for (const target of [
      "/v1/store%2Fsecrets?action=get",
      "/v1/store/%73ecrets?action=get",
      "/v1/store/x/../secrets?action=get",
      "/v1/store/%2e%2e/store/secrets?action=get",
      "/v1\\store\\secrets?action=get",
      "//v1/store/secrets?action=get",
      "/v1/store/secrets%0A?action=get",
      "/v1/store/secrets;x?action=get",
      "/v1/store/secrets%23?action=get",
      "/v1/store/secrets?action=get&path=app/b",
      "/v1/store/secrets?%61ction=get",
    ]) {
      expect(await sendBytes(target, '{"path":"app/a"}'), target).toMatchObject({
        status: 400,
        text: expect.stringMatching(NO_OPERATION_BECAUSE),
      });
    }
  });

  it("uses the path of an absolute target, and ignores its host (P01)", async () => {
    const target = `http://evil.example:99${GET}`;
    expect(await sendBytes(target, '{"path":"app/a"}')).toMatchObject({ status: 200 });
    expect(await sendBytes("http://evil.example/v1/x/../store/secrets", "{}")).toMatchObject({
      status: 400,
      text: expect.stringMatching(NO_OPERATION_BECAUSE),
    });
  });

  it("answers as usual if the Host header is malformed (P24)", async () => {
    for (const host of ["Host: a\r\nHost: b", "Host: a b", "Host: ["]) {
      const { status, head } = await sendBytes(GET, '{"path":"app/a"}', host);
      expect(status, host).toBe(200);
      expect(head, host).toContain("no-store");
    }
  });

  it("rejects a megabyte of names with equal hashes without delay (P13)", async () => {
    const names: string[] = [];
    for (let n = 0; n < 65_000; n += 1) names.push(`"${1_000_000_000 + n * 32_768}":0`);
    const start = performance.now();
    expect(await sendBytes(SECRETS, `{"values":{${names.join(",")}}}`)).toMatchObject({ status: 400 });
    // Without a limit this took 42 s. 12 000 names, the maximum, take 0.1 s.
    expect(
      await sendBytes(SECRETS, `{"path":"a","values":{${names.slice(0, 11_990).join(",").replaceAll(":0", ':""')}}}`),
    ).toMatchObject({ status: 200 });
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
