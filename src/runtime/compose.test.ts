import { describe, expect, it } from "vitest";
import { SUPERUSER, testDomain } from "../../test/harness/identity.ts";
import { KEY_A } from "../../test/harness/service.ts";
import type { LogLine } from "../api/platform.ts";
import { compose } from "./compose.ts";

const post = (target: string, headers = {}, body = "{}") =>
  new Request(`http://edge.test${target}`, { method: "POST", headers, body });

describe("compose", () => {
  it("composes a service from the environment", async () => {
    const domain = await testDomain();
    const app = await compose({
      SPIKE_NEXUS_BACKEND_STORE: "memory",
      SPIKE_ROOT_KEYS: KEY_A,
      SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
    });
    const headers = { authorization: `Bearer ${await domain.token(SUPERUSER)}` };
    const put = await app.fetch(post("/v1/store/secrets", headers, '{"path":"a","values":{"k":"v"}}'));
    expect(await put.json()).toEqual({ version: 1, revision: 1 });
    const got = await app.fetch(post("/v1/store/secrets?action=get", headers, '{"path":"a"}'));
    expect(await got.json()).toEqual({ data: { k: "v" } });
  });

  it("reads the root keys from a binding on each request, and is not ready while the binding fails", async () => {
    const log: LogLine[] = [];
    const domain = await testDomain();
    const texts = [KEY_A, "canary", KEY_A];
    const get = async () => {
      const text = texts.shift();
      return await (text === undefined ? Promise.reject(new Error("canary")) : Promise.resolve(text));
    };
    const app = await compose(
      {
        SPIKE_NEXUS_BACKEND_STORE: "memory",
        SPIKE_ROOT_KEYS: { get },
        SPIKE_TRUST_BUNDLES: JSON.stringify({ [domain.name]: domain.bundle }),
      },
      { log: (line) => log.push(line), audit: () => undefined },
    );
    const headers = { authorization: `Bearer ${await domain.token(SUPERUSER)}` };
    const put = async () => (await app.fetch(post("/v1/store/secrets", headers, '{"path":"a","values":{}}'))).status;
    expect([await put(), await put(), await put(), await put()]).toEqual([200, 503, 200, 503]);
    expect(log.map(({ event, detail }) => `${event}: ${detail}`)).toEqual([
      expect.stringMatching(/^not_configured: SPIKE_ROOT_KEYS entry 1/),
      "not_configured: SPIKE_ROOT_KEYS could not be read",
    ]);
    expect(JSON.stringify(log)).not.toContain("canary");
  });

  it("composes an unready service from a broken environment, and logs the reason", async () => {
    const log: LogLine[] = [];
    const app = await compose(
      { SPIKE_ROOT_KEYS: "a:canary" },
      { log: (line) => log.push(line), audit: () => undefined },
    );
    for (const target of ["/v1/store/secrets", "/anything"]) {
      const response = await app.fetch(post(target));
      expect([response.status, await response.json()]).toEqual([503, { err: "state_not_ready" }]);
    }
    expect((await app.fetch(new Request("http://edge.test/v1/store/secrets"))).status).toBe(400);
    expect(log[0]).toMatchObject({ event: "not_configured", detail: expect.stringContaining("LIBSQL_URL is not set") });
    expect(JSON.stringify(log)).not.toContain("canary");
  });
});
