import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one request on its way. */
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
  | { readonly delayMs: number }
  /** Something else happens while it is on its way; then its connection is reset. */
  | {
      readonly meanwhile: () => Promise<void>;
      /** `arriving`: it is not passed on. `under way`: it has just been passed on. `answered`: its answer is here. */
      readonly when: "arriving" | "under way" | "answered";
    };

export interface FaultProxy {
  readonly url: string;
  /** Requests seen so far. */
  requests(): number;
  /** Chooses the fault of each further request by its body and what came before that. */
  inject(choose: (body: string, incoming: IncomingMessage) => Fault): void;
  /** Is called with each answer of the target, before it is passed on or not. */
  watch(see: (answer: Buffer) => void): void;
  /** Requests that are on their way, or whose answers are. */
  underWay(): number;
  /** Requests whose sender hung up before its answer: that was passed on as a reset. */
  hangUps(): number;
  close(): Promise<void>;
}

/** Tells a commit from a load by what it sends. */
export const isCommit = (body: string): boolean => body.includes("BEGIN IMMEDIATE");

/** Whether an exchange was ended here; else its sender has ended it. */
interface Over {
  byUs: boolean;
}

/** @param target where requests go; a function is asked for each */
export async function faultProxy(target: string | (() => string)): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  let seen = 0;
  let hungUp = 0;
  let underWay = 0;
  let chosen: (body: string, incoming: IncomingMessage) => Fault = () => "pass";
  let watching: ((answer: Buffer) => void) | undefined;

  const forward = async (
    incoming: IncomingMessage,
    body: Buffer,
    sender: AbortSignal,
  ): Promise<{ headers: IncomingMessage["headers"]; status: number; body: Buffer }> => {
    const outgoing = request(new URL(incoming.url ?? "/", typeof target === "string" ? target : target()), {
      method: incoming.method ?? "POST",
      headers: { ...incoming.headers, "content-length": body.length },
      agent,
    });
    const stop = (): void => {
      if (outgoing.socket) outgoing.socket.resetAndDestroy();
      outgoing.destroy();
    };
    sender.addEventListener("abort", stop);
    try {
      outgoing.end(body);
      const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
      const collected = await collect(answer);
      watching?.(collected);
      return { headers: answer.headers, status: answer.statusCode ?? 0, body: collected };
    } finally {
      sender.removeEventListener("abort", stop);
    }
  };

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse, over: Over): Promise<void> => {
    const sender = new AbortController();
    outgoing.once("close", () => {
      if (over.byUs) return;
      hungUp += 1;
      sender.abort();
    });
    const cut = (): void => {
      over.byUs = true;
      incoming.socket.resetAndDestroy();
    };
    const body = await collect(incoming);
    seen += 1;
    const fault = chosen(body.toString(), incoming);
    const { signal } = sender;
    if (fault === "cut-request") return cut();
    if (typeof fault === "object" && "status" in fault) {
      over.byUs = true;
      return void outgoing.writeHead(fault.status).end("no");
    }
    if (typeof fault === "object" && "meanwhile" in fault) {
      if (fault.when === "under way") forward(incoming, body, signal).catch(() => undefined);
      if (fault.when === "answered") await forward(incoming, body, signal);
      over.byUs = true;
      await fault.meanwhile();
      return cut();
    }
    if (typeof fault === "object" && "delayMs" in fault) await new Promise((go) => setTimeout(go, fault.delayMs));
    if (fault === "twice") await forward(incoming, body, signal);
    const answer = await forward(incoming, body, signal);
    if (fault === "cut-answer") return cut();
    if (fault === "hang") return;
    over.byUs = true;
    const text = typeof fault === "object" && "body" in fault ? Buffer.from(fault.body) : answer.body;
    const { "transfer-encoding": _, connection: __, ...headers } = answer.headers;
    outgoing.writeHead(answer.status, { ...headers, "content-length": text.length });
    if (fault !== "cut-half-answer") return void outgoing.end(text);
    outgoing.write(text.subarray(0, text.length / 2), cut);
  };

  const server = createServer((incoming, outgoing) => {
    const over = { byUs: false };
    underWay += 1;
    handle(incoming, outgoing, over)
      .catch(() => {
        over.byUs = true;
        outgoing.destroy();
      })
      .finally(() => (underWay -= 1));
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
    watch: (see) => {
      watching = see;
    },
    underWay: () => underWay,
    hangUps: () => hungUp,
    async close() {
      agent.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
