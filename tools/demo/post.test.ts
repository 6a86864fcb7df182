import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { NoResponseError, post } from "./post.ts";

const BUSY = { status: 503, headers: { "retry-after": "0" }, text: '{"err":"store_unavailable"}' };

/** Starts a server that sends these responses in order and records the `Idempotency-Key` and the bookmark of each request. */
async function startServer(
  ...responses: readonly { readonly status: number; readonly headers?: Record<string, string>; readonly text: string }[]
): Promise<{ readonly url: string; readonly keys: readonly unknown[]; readonly bookmarks: readonly unknown[] }> {
  const [keys, bookmarks]: [unknown[], unknown[]] = [[], []];
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const response = responses[keys.length];
    keys.push(incoming.headers["idempotency-key"]);
    bookmarks.push(incoming.headers["spike-bookmark"]);
    if (response === undefined) incoming.socket.destroy();
    else outgoing.writeHead(response.status, response.headers).end(response.text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`, keys, bookmarks };
}

const REQUEST = { token: "t", body: {}, key: "k" };
const { signal } = new AbortController();

describe("post", () => {
  it("retries with the same key while the service responds with 503", async () => {
    const { url, keys } = await startServer(BUSY, BUSY, { status: 200, text: '{"version":1}' });
    await expect(post(url, REQUEST, { signal })).resolves.toEqual({ status: 200, body: { version: 1 } });
    expect(keys).toEqual(["k", "k", "k"]);
  });

  it("sends a bookmark, and returns the one of the response", async () => {
    const { url, bookmarks } = await startServer({ status: 200, headers: { "spike-bookmark": "new" }, text: "{}" });
    const response = await post(url, { token: "t", body: {}, bookmark: "old" }, { signal });
    expect([response.bookmark, bookmarks]).toEqual(["new", ["old"]]);
  });

  it("returns an error response unchanged", async () => {
    const { url } = await startServer({ status: 409, text: '{"err":"version_conflict"}' });
    await expect(post(url, REQUEST, { signal })).resolves.toEqual({ status: 409, body: { err: "version_conflict" } });
  });

  it("names the URL that did not respond", async () => {
    const { url } = await startServer();
    const result = post(url, REQUEST, { signal });
    await expect(result).rejects.toThrow(NoResponseError);
    await expect(result).rejects.toThrow(`Cannot call "${url}": no response (`);
  });

  it("rejects a response that is not JSON", async () => {
    const { url } = await startServer({ status: 200, text: "<html>" });
    await expect(post(url, REQUEST, { signal })).rejects.toThrow(
      `Cannot use the response of "${url}": "<html>" is not JSON`,
    );
  });

  it("rejects with the reason of the signal when aborted, not with NoResponseError", async () => {
    const { url } = await startServer({ ...BUSY, headers: { "retry-after": "60" } });
    await expect(post(url, REQUEST, { signal: AbortSignal.timeout(200) })).rejects.toThrow(/abort/u);
    await expect(post(url, REQUEST, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/u);
  });
});
