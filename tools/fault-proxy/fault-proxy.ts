import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one request. */
export type Fault =
  /** The request and its response pass unchanged. */
  | "pass"
  /** The request is not passed on; the connection is reset. */
  | "cut-request"
  /** The request is carried out; the connection is reset before the response. */
  | "cut-answer"
  /** The request is carried out; the connection is reset in the middle of the response. */
  | "cut-half-answer"
  /** The request is carried out; the response never comes. */
  | "hang"
  /** The request is not passed on; the response never comes, and the connection stays open. */
  | "swallow"
  /** The request is carried out twice; the second response is passed on. */
  | "twice"
  /** The response is replaced. The request is passed on only if `carriedOut` is set. The default body is "no". */
  | {
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly carriedOut?: boolean;
    }
  /** The response is this status, at once. The request is passed on after this many milliseconds. */
  | { readonly status: number; readonly passedOnAfterMs: number }
  /** The request is passed on to this URL instead of the target. */
  | { readonly target: string }
  /** The request is carried out; the response is 200 with this body. */
  | { readonly body: string }
  /** The request is passed on after this many milliseconds. */
  | { readonly delayMs: number }
  /** `meanwhile` runs while the request is in this phase; then the connection is reset. */
  | {
      readonly meanwhile: (progress: Progress) => Promise<void>;
      /** `arriving`: not passed on. `under way`: just passed on. `answered`: the target has responded. */
      readonly when: "arriving" | "under way" | "answered";
    };

/** The state of a request during `meanwhile`. */
export interface Progress {
  /** The response of the target, once it has arrived. */
  answer(): string | undefined;
}

/** A fault, and a callback for when it has happened. It gets the response of the target, if there was one. */
export interface Choice {
  readonly fault: Fault;
  readonly happened: (answer: string | undefined) => void;
}

export interface FaultProxy {
  readonly url: string;
  /** The number of requests so far. */
  requests(): number;
  /** Sets the function that chooses a fault for each further request, by its body and head. */
  inject(choose: (body: string, incoming: IncomingMessage) => Fault | Choice): void;
  /** Sets the function that changes each request body when it is passed on. */
  rewrite(change: (body: string) => string): void;
  /** Sets the function that gets each response of the target, whether it is passed on or not. */
  watch(see: (answer: Buffer) => void): void;
  /** The number of requests that are not finished. */
  underWay(): number;
  /** The number of requests whose sender closed the connection before the response. The target gets a reset. */
  hangUps(): number;
  close(): Promise<void>;
}

/** A commit is a transaction; a load is a single SELECT. */
export const isCommit = (body: string): boolean => body.includes("BEGIN IMMEDIATE");

/** Whether this proxy has ended the exchange. Otherwise its sender has. */
interface Over {
  byUs: boolean;
}

/** Whether the response to a commit shows that it won: its gate, the statement after BEGIN, has returned a row. */
export function isWon(answer: string): boolean {
  const begin = answer.indexOf(ROWS, answer.indexOf('"step_results":['));
  const gate = answer.indexOf(ROWS, begin + 1);
  return begin > 0 && gate > 0 && answer.startsWith("[[", gate + ROWS.length);
}

const ROWS = '"rows":';
const KEEP_ALIVE_MS = 65_000;
/** Shorter than the idle timeout of workerd, so that no request is sent on a connection that is being closed. */
const IDLE_MS = 3000;

/** @param target the URL that requests are passed on to; a function is called for each request */
export async function faultProxy(target: string | (() => string)): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_MS });
  let seen = 0;
  let hungUp = 0;
  let underWay = 0;
  let chosen: (body: string, incoming: IncomingMessage) => Fault | Choice = () => "pass";
  let watching: ((answer: Buffer) => void) | undefined;
  let rewriting: ((body: string) => string) | undefined;

  const forward = async (
    incoming: IncomingMessage,
    received: Buffer,
    sender: AbortSignal,
    to: string | (() => string) = target,
  ): Promise<{ headers: IncomingMessage["headers"]; status: number; body: Buffer }> => {
    const body = rewriting === undefined ? received : Buffer.from(rewriting(received.toString()));
    const outgoing = request(new URL(incoming.url ?? "/", typeof to === "string" ? to : to()), {
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
      typeof choice === "object" && "fault" in choice ? choice : { fault: choice, happened: ignore };
    const { signal } = sender;
    if (fault === "cut-request") {
      happened(undefined);
      return cut();
    }
    if (fault === "swallow") return happened(undefined);
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
    if (typeof fault === "object" && "passedOnAfterMs" in fault) {
      over.byUs = true;
      outgoing.writeHead(fault.status).end("no");
      await new Promise((go) => setTimeout(go, fault.passedOnAfterMs));
      return happened((await forward(incoming, body, signal)).body.toString());
    }
    if (typeof fault === "object" && "status" in fault) {
      const answer = fault.carriedOut === true ? await forward(incoming, body, signal) : undefined;
      happened(answer?.body.toString());
      over.byUs = true;
      return void outgoing.writeHead(fault.status, fault.headers).end(fault.body ?? "no");
    }
    // The request is passed on even if its sender gives up during the delay.
    if (typeof fault === "object" && "delayMs" in fault) await new Promise((go) => setTimeout(go, fault.delayMs));
    if (fault === "twice") await forward(incoming, body, signal);
    const to = typeof fault === "object" && "target" in fault ? fault.target : target;
    const answer = await forward(incoming, body, signal, to);
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
    rewrite: (change) => {
      rewriting = change;
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

function ignore(): void {
  // This fault was chosen without a callback.
}

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
