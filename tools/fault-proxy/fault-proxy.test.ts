import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type FaultProxy, faultProxy, isWon } from "./fault-proxy.ts";

/** A target that echoes each request after a delay, and a proxy in front of it. */
async function setUp(answerAfterMs = 0): Promise<{ proxy: FaultProxy; seen: string[]; gone: () => number }> {
  const seen: string[] = [];
  let gone = 0;
  const target = createServer((incoming, outgoing) => {
    let body = "";
    incoming.on("data", (chunk: Buffer) => (body += chunk.toString()));
    incoming.once("end", () => {
      seen.push(body);
      setTimeout(() => outgoing.end(`${body}!`), answerAfterMs);
    });
    outgoing.once("close", () => (gone += outgoing.writableFinished ? 0 : 1));
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  const proxy = await faultProxy(() => `http://127.0.0.1:${(target.address() as AddressInfo).port}`);
  onTestFinished(async () => {
    await proxy.close();
    target.closeAllConnections();
    target.close();
  });
  return { proxy, seen, gone: () => gone };
}

const send = async ({ url }: FaultProxy, body: string) => {
  try {
    return await (await fetch(url, { method: "POST", body })).text();
  } catch {
    return "cut";
  }
};

describe("the fault proxy", () => {
  it("passes requests on, watches responses, and cuts connections before and after the target", async () => {
    const { proxy, seen } = await setUp();
    const watched: string[] = [];
    proxy.watch((answer) => watched.push(answer.toString()));
    expect(await send(proxy, "a")).toBe("a!");
    proxy.inject((body) => (body === "b" ? "cut-request" : body === "c" ? "cut-answer" : "twice"));
    expect([await send(proxy, "b"), await send(proxy, "c"), await send(proxy, "d")]).toEqual(["cut", "cut", "d!"]);
    expect(seen).toEqual(["a", "c", "d", "d"]);
    expect(watched).toEqual(["a!", "c!", "d!", "d!"]);
    expect([proxy.requests(), proxy.underWay(), proxy.hangUps()]).toEqual([4, 0, 0]);
  });

  it.each([
    ["arriving", []],
    ["under way", ["a"]],
    ["answered", ["a"]],
  ] as const)("runs an action while a request is %s, and cuts its connection", async (when, arrived) => {
    const { proxy, seen } = await setUp();
    const answers: (string | undefined)[] = [];
    proxy.inject(() => ({ when, meanwhile: async (progress) => void answers.push(progress.answer()) }));
    expect(await send(proxy, "a")).toBe("cut");
    await expect.poll(() => seen).toEqual(arrived);
    expect(answers).toEqual([when === "answered" ? "a!" : undefined]);
  });

  it("replaces a response or a request by a status, and reports which", async () => {
    const { proxy, seen } = await setUp();
    const reported: (string | undefined)[] = [];
    proxy.inject((body) => ({
      fault: { status: 502, carriedOut: body === "b" },
      happened: (answer) => void reported.push(answer),
    }));
    expect([await send(proxy, "a"), await send(proxy, "b")]).toEqual(["no", "no"]);
    expect(seen).toEqual(["b"]);
    expect(reported).toEqual([undefined, "b!"]);
  });

  it("replaces a response by a status with headers and a body", async () => {
    const { proxy, seen } = await setUp();
    proxy.inject(() => ({ status: 429, headers: { "retry-after": "2" }, body: "busy" }));
    const response = await fetch(proxy.url, { method: "POST", body: "a" });
    expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([429, "2", "busy"]);
    expect(seen).toEqual([]);
  });

  it("answers with a status at once, and passes the request on later", async () => {
    const { proxy, seen } = await setUp();
    const reported: (string | undefined)[] = [];
    proxy.inject(() => ({
      fault: { status: 502, passedOnAfterMs: 100 },
      happened: (answer) => void reported.push(answer),
    }));
    expect(await send(proxy, "a")).toBe("no");
    expect([seen, reported, proxy.underWay()]).toEqual([[], [], 1]);
    await expect.poll(() => [reported, proxy.underWay()]).toEqual([["a!"], 0]);
    expect(seen).toEqual(["a"]);
  });

  it.each([
    ["hang", ["a"]],
    ["swallow", []],
  ] as const)("keeps the connection open without a response: %s", async (fault, arrived) => {
    const { proxy, seen } = await setUp();
    proxy.inject(() => fault);
    const waiting = fetch(proxy.url, { method: "POST", body: "a", signal: AbortSignal.timeout(300) });
    await expect(waiting).rejects.toThrow(/timeout/);
    expect(seen).toEqual(arrived);
  });

  it("changes requests, and passes one on to another target", async () => {
    const { proxy, seen } = await setUp();
    const other = await setUp();
    proxy.rewrite((body) => body.toUpperCase());
    proxy.inject((body) => (body === "b" ? { target: other.proxy.url } : "pass"));
    expect([await send(proxy, "a"), await send(proxy, "b")]).toEqual(["A!", "B!"]);
    expect([seen, other.seen]).toEqual([["A"], ["B"]]);
  });

  it.each([
    [true, '{"step_results":[{"cols":[],"rows":[],"x":null},{"cols":[{"name":"revision"}],"rows":[[{"value":"1"}]]}]}'],
    [
      false,
      '{"step_results":[{"cols":[],"rows":[],"x":null},{"cols":[{"name":"revision"}],"rows":[]},{"rows":[[1]]}]}',
    ],
    [false, '{"step_results":[null,null],"step_errors":[{"code":"SQLITE_BUSY"}]}'],
    [false, "<html>"],
    [false, ""],
  ])("isWon is %s for %s", (won, answer) => {
    expect(isWon(answer)).toBe(won);
  });

  it("passes on that the sender closed its connection", async () => {
    const { proxy, seen, gone } = await setUp(10_000);
    const outgoing = request(proxy.url, { method: "POST" });
    outgoing.on("error", () => undefined);
    outgoing.end("a");
    await expect.poll(() => seen).toEqual(["a"]);
    expect(proxy.underWay()).toBe(1);
    outgoing.socket?.resetAndDestroy();
    await expect.poll(() => [gone(), proxy.hangUps(), proxy.underWay()]).toEqual([1, 1, 0]);
  });
});
