import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { drive } from "./drive.ts";
import { answered, type Side } from "./side.ts";

describe("driving a side", () => {
  let server: Server | undefined;
  afterEach(() => void server?.close());

  /** A side whose server answers request number n as `answer` says. */
  async function side(answer: (body: string) => { status: number; text: string }): Promise<Side> {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        const { status, text } = answer(body);
        response.writeHead(status).end(text);
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      name: "a server",
      urls: [`http://127.0.0.1:${port}`],
      ask: (n, client) => ({ path: "/", headers: {}, body: JSON.stringify({ n, client }) }),
      worth: (status, body) => (status === 503 ? "late" : answered("good")(status, body)),
    };
  }
  const numbers = (): (() => number) => {
    let n = 0;
    return () => n++;
  };

  it("asks as often as it is told, each request with a number of its own, by all clients", async () => {
    const seen: { n: number; client: number }[] = [];
    const loaded = await side((body) => {
      seen.push(JSON.parse(body) as { n: number; client: number });
      return { status: 200, text: "good" };
    });
    const sample = await drive(loaded, { clients: 4, seconds: 20, requests: 40 }, numbers());
    expect(sample).toMatchObject({ requests: 40, late: 0 });
    expect(seen.map(({ n }) => n).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(new Set(seen.map(({ client }) => client)).size).toBe(4);
    expect(sample.perSecond).toBeGreaterThan(0);
    expect(sample.maxMs).toBeGreaterThanOrEqual(sample.p50Ms);
  });

  it("counts late answers, and no rate of them", async () => {
    const sample = await drive(
      await side(() => ({ status: 503, text: "" })),
      { clients: 1, seconds: 20, requests: 3 },
      numbers(),
    );
    expect(sample).toMatchObject({ requests: 3, late: 3, perSecond: 0 });
  });

  it("gives up at the first wrong answer", async () => {
    const wrong = await side((body) =>
      body.includes('"n":5') ? { status: 200, text: "bad" } : { status: 200, text: "good" },
    );
    await expect(drive(wrong, { clients: 2, seconds: 20 }, numbers())).rejects.toThrow("a server answered 200: bad");
  });
});
