import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { post, Unanswered } from "./post.ts";

const BUSY = { status: 503, headers: { "retry-after": "0" }, text: '{"err":"store_unavailable"}' };

/** Answers with these, one after the other, and keeps the headers it was asked with. */
async function serverOf(
  ...answers: readonly { readonly status: number; readonly headers?: Record<string, string>; readonly text: string }[]
): Promise<{ readonly url: string; readonly keys: readonly unknown[] }> {
  const keys: unknown[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const answer = answers[keys.length];
    keys.push(request.headers["idempotency-key"]);
    if (answer === undefined) request.socket.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.text);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/`, keys };
}

const REQUEST = { token: "t", body: {}, key: "k" };
const { signal } = new AbortController();

describe("post", () => {
  it("sends a write again, under its key, until the service is no longer busy", async () => {
    const { url, keys } = await serverOf(BUSY, BUSY, { status: 200, text: '{"version":1}' });
    await expect(post(url, REQUEST, signal)).resolves.toEqual({ status: 200, body: { version: 1 } });
    expect(keys).toEqual(["k", "k", "k"]);
  });

  it("tells a refusal as it is", async () => {
    const { url } = await serverOf({ status: 409, text: '{"err":"version_conflict"}' });
    await expect(post(url, REQUEST, signal)).resolves.toEqual({ status: 409, body: { err: "version_conflict" } });
  });

  it("says who gives no answer", async () => {
    const { url } = await serverOf();
    const asked = post(url, REQUEST, signal);
    await expect(asked).rejects.toThrow(Unanswered);
    await expect(asked).rejects.toThrow(`Cannot ask "${url}": no answer (`);
  });

  it("says what is no answer", async () => {
    const { url } = await serverOf({ status: 200, text: "<html>" });
    await expect(post(url, REQUEST, signal)).rejects.toThrow(`Cannot use the answer of "${url}": "<html>" is no JSON`);
  });

  it("stops when it is told to, which is no missing answer", async () => {
    const { url } = await serverOf({ ...BUSY, headers: { "retry-after": "60" } });
    await expect(post(url, REQUEST, AbortSignal.timeout(200))).rejects.toThrow(/abort/u);
    await expect(post(url, REQUEST, AbortSignal.abort())).rejects.toThrow(/abort/u);
  });
});
