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
  /** It is answered with that status, and never arrives, unless it is to be carried out all the same. */
  | { readonly status: number; readonly carriedOut?: boolean }
  /** It is carried out, and answered with 200 and this body. */
  | { readonly body: string }
  /** It passes after so many milliseconds. */
  | { readonly delayMs: number }
  /** Something else happens while it is on its way, which is told how far it has got; then its connection is reset. */
  | {
      readonly meanwhile: (progress: Progress) => Promise<void>;
      /** `arriving`: it is not passed on. `under way`: it has just been passed on. `answered`: its answer is here. */
      readonly when: "arriving" | "under way" | "answered";
    };

/** How far a request has got. */
export interface Progress {
  /** Of the target, if it is here. */
  answer(): string | undefined;
}

/** A fault, and who is told once it has happened; with the target's answer, if there was one. */
export interface Choice {
  readonly fault: Fault;
  readonly happened: (answer: string | undefined) => void;
}

export interface FaultProxy {
  readonly url: string;
  /** Requests seen so far. */
  requests(): number;
  /** Chooses the fault of each further request by its body and what came before that. */
  inject(choose: (body: string, incoming: IncomingMessage) => Fault | Choice): void;
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

/** Tells from a database's answer to a commit whether it was carried out: its gate, behind BEGIN, has given a row. */
export function isWon(answer: string): boolean {
  const begin = answer.indexOf(ROWS, answer.indexOf('"step_results":['));
  const gate = answer.indexOf(ROWS, begin + 1);
  return begin > 0 && gate > 0 && answer.startsWith("[[", gate + ROWS.length);
}

const ROWS = '"rows":';
const KEEP_ALIVE_MS = 65_000;
/** Before workerd closes idle connections: a request must not meet one that is just going. */
const IDLE_MS = 3000;

/** @param target where requests go; a function is asked for each */
export async function faultProxy(target: string | (() => string)): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  let seen = 0;
  let hungUp = 0;
  let underWay = 0;
  let chosen: (body: string, incoming: IncomingMessage) => Fault | Choice = () => "pass";
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
    const choice = chosen(body.toString(), incoming);
    const { fault, happened } =
      typeof choice === "object" && "fault" in choice ? choice : { fault: choice, happened: none };
    const { signal } = sender;
    if (fault === "cut-request") {
      happened(undefined);
      return cut();
    }
    if (typeof fault === "object" && "meanwhile" in fault) {
      let answer: string | undefined;
      const arrived = async (): Promise<void> => {
        answer = (await forward(incoming, body, signal)).body.toString();
      };
      if (fault.when === "under way") arrived().catch(() => undefined);
      if (fault.when === "answered") await arrived();
      over.byUs = true;
      await fault.meanwhile({ answer: () => answer });
      return cut();
    }
    if (typeof fault === "object" && "status" in fault) {
      const answer = fault.carriedOut === true ? await forward(incoming, body, signal) : undefined;
      happened(answer?.body.toString());
      over.byUs = true;
      return void outgoing.writeHead(fault.status).end("no");
    }
    // Whoever gives up meanwhile can't call back what is on its way: it arrives all the same.
    if (typeof fault === "object" && "delayMs" in fault) await new Promise((go) => setTimeout(go, fault.delayMs));
    if (fault === "twice") await forward(incoming, body, signal);
    const answer = await forward(incoming, body, signal);
    if (choice !== "pass") happened(answer.body.toString());
    if (fault === "cut-answer") return cut();
    if (fault === "hang") return;
    over.byUs = true;
    const text = typeof fault === "object" && "body" in fault ? Buffer.from(fault.body) : answer.body;
    const { "transfer-encoding": _, connection: __, ...headers } = answer.headers;
    outgoing.writeHead(answer.status, { ...headers, "content-length": text.length });
    if (fault !== "cut-half-answer") return void outgoing.end(text);
    outgoing.write(text.subarray(0, text.length / 2), cut);
  };

  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (incoming, outgoing) => {
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

function none(): void {
  // Nobody wants to know.
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
