import { beforeEach, describe, expect, it } from "vitest";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import { type CountingStore, countingStore } from "./harness/counting-store.ts";
import { SUPERUSER, testDomain } from "./harness/identity.ts";
import { type TestService, testService } from "./harness/service.ts";

const GET = "/v1/store/secrets?action=get";

/** The places where a token is accepted, and identical answers for all refusals. */
describe("bearer tokens", () => {
  let service: TestService;
  let token: string;
  let store: CountingStore;
  beforeEach(async () => {
    store = countingStore(memoryStore({ storeId: "s", now: Date.now }));
    service = await testService(store);
    token = await service.domain.token(SUPERUSER);
    await service.post("/v1/store/secrets", { path: "app/a", values: { v: "x" } });
    store.trips = 0;
  });

  const send = async (headers: HeadersInit, target = GET, body = '{"path":"app/a"}') => {
    const response = await service.fetch(new Request(`http://edge.test${target}`, { method: "POST", headers, body }));
    const kept = [...response.headers].filter(([name]) => name !== "x-request-id");
    return { status: response.status, visible: JSON.stringify([await response.text(), kept]) };
  };

  it("are accepted with the scheme in any case (T22)", async () => {
    for (const scheme of ["Bearer", "bearer", "BEARER"]) {
      expect((await send({ authorization: `${scheme} ${token}` })).status, scheme).toBe(200);
    }
  });

  it.each([45, 3600, 10 * 365 * 86_400])("are accepted with an iat %i s ahead (Q17)", async (ahead) => {
    const iat = Math.floor(Date.now() / 1000) + ahead;
    const early = await service.domain.token(SUPERUSER, { iat });
    expect((await send({ authorization: `Bearer ${early}` })).status).toBe(200);
  });

  it("are rejected with another scheme, twice or as a list (T22)", async () => {
    const other = await service.domain.token("/other");
    const refused: readonly HeadersInit[] = [
      { authorization: token },
      { authorization: `Basic ${token}` },
      { authorization: `DPoP ${token}` },
      { authorization: `JWT ${token}` },
      { authorization: `Bearer\t${token}` },
      { authorization: `Bearer  ${token}` },
      { authorization: `Bearer ${token}, Bearer ${other}` },
      { authorization: `Bearer ${token},${other}` },
      [
        ["authorization", `Bearer ${token}`],
        ["authorization", `Bearer ${token}`],
      ],
    ];
    for (const headers of refused) expect((await send(headers)).status, JSON.stringify(headers)).toBe(401);
    expect(store.trips).toBe(0);
  });

  it("are accepted only in the Authorization header (T23)", async () => {
    const bearer = `Bearer ${token}`;
    const elsewhere: readonly (readonly [HeadersInit, string?, string?])[] = [
      [{ cookie: `access_token=${token}` }],
      [{ cookie: `Authorization=${bearer}` }],
      [{ "x-authorization": bearer }],
      [{ "x-forwarded-authorization": bearer }],
      [{ "proxy-authorization": bearer }],
      [{ "x-vault-token": token }],
      [{}, GET, JSON.stringify({ path: "app/a", access_token: token, token, authorization: bearer })],
    ];
    for (const [headers, target, body] of elsewhere) {
      expect((await send(headers, target, body)).status, JSON.stringify(headers).slice(0, 40)).toBe(401);
    }
    for (const name of ["access_token", "token", "authorization"]) {
      expect([400, 401]).toContain((await send({}, `${GET}&${name}=${token}`)).status);
    }
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await send(form, GET, `access_token=${token}`)).status).toBe(400);
    expect(store.trips).toBe(0);
  });

  it("of more than 8 KiB are rejected before anything else (T18)", async () => {
    for (const length of [8193, 65_536, 1_048_576]) {
      const began = performance.now();
      expect((await send({ authorization: `Bearer ${"a".repeat(length)}` })).status).toBe(401);
      expect(performance.now() - began).toBeLessThan(500);
    }
    expect(service.audit.at(-1)?.reason).toBe("token-too-large");
    expect(store.trips).toBe(0);
  });

  it("get the same answer for every refusal; the log has the reason and not the token (T30)", async () => {
    const imposter = await testDomain("spike.ist");
    const unknownKey = await testDomain("spike.ist", "k9");
    const { domain } = service;
    const now = Math.floor(Date.now() / 1000);
    const tokens: Readonly<Record<string, string>> = {
      "bearer-token-missing": "",
      "token-not-compact": "x",
      "key-unknown": await unknownKey.token(SUPERUSER),
      signature: await imposter.token(SUPERUSER),
      "audience-other": await domain.token(SUPERUSER, { aud: "vault" }),
      expired: await domain.token(SUPERUSER, { exp: now - 60 }),
      "caller-id": await domain.token(""),
      "header-algorithm": `${Buffer.from('{"alg":"none"}').toString("base64url")}.e30.e30`,
    };
    const answers = new Set<string>();
    for (const [reason, text] of Object.entries(tokens)) {
      const answer = await send(text === "" ? {} : { authorization: `Bearer ${text}` });
      expect(answer.status, reason).toBe(401);
      answers.add(answer.visible);
      expect(service.audit.at(-1)).toMatchObject({ outcome: "unauthorized", reason });
      if (text.length > 10) expect(JSON.stringify([service.log, service.audit])).not.toContain(text);
    }
    // The answer is also the same as for a known caller without permission.
    answers.add((await send({ authorization: `Bearer ${await domain.token("/w")}` })).visible);
    expect([...answers]).toHaveLength(1);
  });
});
