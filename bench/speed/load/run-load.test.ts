import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { compare } from "../compare.ts";
import { acceptText, type LoadTarget } from "./load-target.ts";
import { runLoad } from "./run-load.ts";

describe("runLoad", () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** Starts a server that responds to each body as `respond` returns. */
  async function startTarget(respond: (body: string) => { status: number; text: string }): Promise<LoadTarget> {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        const { status, text } = respond(body);
        response.writeHead(status).end(text);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      name: "a server",
      urls: [`http://127.0.0.1:${port}`],
      request: (n, client) => ({ path: "/", headers: {}, body: JSON.stringify({ n, client }) }),
      classify: (status, body) => (status === 503 ? "unavailable" : acceptText("good")(status, body)),
    };
  }
  const counter = (): (() => number) => {
    let n = 0;
    return () => n++;
  };

  it("sends the given number of requests, each with its own number, from all clients", async () => {
    const received: { n: number; client: number }[] = [];
    const target = await startTarget((body) => {
      received.push(JSON.parse(body) as { n: number; client: number });
      return { status: 200, text: "good" };
    });
    const sample = await runLoad(target, { clients: 4, seconds: 20, requests: 40, nextNumber: counter() });
    expect(sample).toMatchObject({ requests: 40, unavailable: 0 });
    expect(received.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(new Set(received.map(({ client }) => client)).size).toBe(4);
    expect(sample.perSecond).toBeGreaterThan(0);
    expect(sample.maxMs).toBeGreaterThanOrEqual(sample.p50Ms);
  });

  it("counts unavailable responses and excludes them from the rate", async () => {
    const target = await startTarget(() => ({ status: 503, text: "" }));
    const sample = await runLoad(target, { clients: 1, seconds: 20, requests: 3, nextNumber: counter() });
    expect(sample).toMatchObject({ requests: 3, unavailable: 3, perSecond: 0 });
  });

  it("throws at the first wrong response", async () => {
    const target = await startTarget((body) =>
      body.includes('"n":5') ? { status: 200, text: "bad" } : { status: 200, text: "good" },
    );
    await expect(runLoad(target, { clients: 2, seconds: 20, nextNumber: counter() })).rejects.toThrow(
      "a server responded with 200: bad",
    );
  });

  it("is not compared if one side has no correct response (Q50)", async () => {
    const unavailable = await startTarget(() => ({ status: 503, text: "" }));
    const sampling = { rounds: 1, seconds: 0.1, clients: 1, nextNumber: counter() };
    await expect(compare({ measured: unavailable, baseline: unavailable }, sampling)).rejects.toThrow(
      /Cannot measure the target: none of its \d+ responses in one round was correct/,
    );
  });
});
