import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** What happens to one request on its way to the database. */
export type Fault =
  /** It arrives, and so does its answer. */
  | "pass"
  /** It never arrives; the connection is reset. */
  | "cut-request"
  /** It arrives and is carried out; the connection is reset before the answer. */
  | "cut-answer"
  /** As before, in the middle of the answer. */
  | "cut-half-answer"
  /** It arrives, and no answer ever comes. */
  | "hang"
  /** It is carried out twice; the second answer counts. */
  | "twice"
  /** It is answered with that status, and never arrives. */
  | { readonly status: number }
  /** It is carried out, and answered with 200 and this body. */
  | { readonly body: string }
  /** It passes after so many milliseconds. */
  | { readonly delayMs: number };

export interface FaultProxy {
  readonly url: string;
  /** Requests seen so far. */
  requests(): number;
  /** Chooses the fault of each further request by its body. */
  inject(choose: (body: string) => Fault): void;
  close(): Promise<void>;
}

/** Tells a commit from a load by what it sends. */
export const isCommit = (body: string): boolean => body.includes("BEGIN IMMEDIATE");

export async function faultProxy(target: string): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  let seen = 0;
  let chosen: (body: string) => Fault = () => "pass";

  const forward = async (incoming: IncomingMessage, body: Buffer): Promise<{ status: number; body: Buffer }> => {
    const outgoing = request(new URL(incoming.url ?? "/", target), {
      method: incoming.method ?? "POST",
      headers: { ...incoming.headers, "content-length": body.length },
      agent,
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
    return { status: answer.statusCode ?? 0, body: await collect(answer) };
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const body = await collect(incoming);
    seen += 1;
    const fault = chosen(body.toString());
    if (fault === "cut-request") return reset(incoming);
    if (typeof fault === "object" && "status" in fault) return void outgoing.writeHead(fault.status).end("no");
    if (typeof fault === "object" && "delayMs" in fault) await new Promise((go) => setTimeout(go, fault.delayMs));
    if (fault === "twice") await forward(incoming, body);
    const answer = await forward(incoming, body);
    if (fault === "cut-answer") return reset(incoming);
    if (fault === "hang") return;
    const text = typeof fault === "object" && "body" in fault ? Buffer.from(fault.body) : answer.body;
    outgoing.writeHead(answer.status, { "content-type": "application/json", "content-length": text.length });
    if (fault !== "cut-half-answer") return void outgoing.end(text);
    outgoing.write(text.subarray(0, text.length / 2), () => reset(incoming));
  };

  const server = createServer((incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => outgoing.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests: () => seen,
    inject: (choose) => {
      chosen = choose;
    },
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function reset(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
