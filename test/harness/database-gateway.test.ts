import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { startGateway } from "./database-gateway.ts";

/** More than one chunk. */
const LONG = "é".repeat(100_000);

/** A server elsewhere, and a gateway to it. */
async function startBoth(
  respond: (request: IncomingMessage, response: ServerResponse, body: string) => void,
  path = "",
) {
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => respond(request, response, body));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const gateway = await startGateway({ url: `http://127.0.0.1:${port}${path}`, authToken: "t" });
  onTestFinished(async () => await gateway.close());
  return { gateway, host: `127.0.0.1:${port}` };
}

describe("the gateway to a database", () => {
  it.each([
    ["", "/v2/pipeline"],
    ["/", "/v2/pipeline"],
    ["/one", "/one/v2/pipeline"],
  ])("forwards requests below %j, with the token and the host of the database (Q54)", async (path, target) => {
    const seen: unknown[] = [];
    const { gateway, host } = await startBoth(({ url, method, headers }, response, body) => {
      seen.push([method, url, headers.host, headers.authorization, headers["content-type"], body === LONG]);
      response.writeHead(429, { "content-type": "text/x" }).end(LONG);
    }, path);
    const headers = { authorization: "Bearer other", "content-type": "application/json" };
    const response = await fetch(`${gateway.url}/v2/pipeline`, { method: "POST", headers, body: LONG });
    expect([response.status, response.headers.get("content-type")]).toEqual([429, "text/x"]);
    expect((await response.text()) === LONG).toBe(true);
    expect(seen).toEqual([["POST", target, host, "Bearer t", "application/json", true]]);
  });

  it("disconnects from the database when the sender disconnects, and when it closes (Q54)", async () => {
    let open = 0;
    const { gateway } = await startBoth((_, response) => {
      open += 1;
      response.once("close", () => (open -= 1));
    });
    const controller = new AbortController();
    const sent = fetch(gateway.url, { method: "POST", body: "{}", signal: controller.signal }).catch(() => "aborted");
    await expect.poll(() => open).toBe(1);
    controller.abort();
    expect(await sent).toBe("aborted");
    await expect.poll(() => open).toBe(0);
    const pending = fetch(gateway.url, { method: "POST", body: "{}" }).catch(() => "cut");
    await expect.poll(() => open).toBe(1);
    await gateway.close();
    expect(await pending).toBe("cut");
    await expect.poll(() => open).toBe(0);
  });

  it("resets the connection if the database does, before or within the response (Q54)", async () => {
    let requests = 0;
    const { gateway } = await startBoth(({ socket }, response) => {
      requests += 1;
      if (requests === 1) return void socket.resetAndDestroy();
      response.writeHead(200, { "content-length": 100 }).write("half", () => socket.resetAndDestroy());
    });
    for (const _ of [1, 2]) {
      const text = async () => await (await fetch(gateway.url, { method: "POST", body: "{}" })).text();
      await expect(text()).rejects.toThrow();
    }
    expect(requests).toBe(2);
  });
});
