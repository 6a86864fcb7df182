import { Agent, request as httpRequest } from "node:http";
import type { Attempt, Request } from "../history/history.ts";
import { fromWire, toWire } from "./wire.ts";

/** How one request is sent once. */
export interface Sending {
  readonly url: string;
  readonly worker: number;
  readonly trace: string;
  readonly token: string;
  readonly key: string | undefined;
  /** Hang up by a reset after so many milliseconds. workerd does not notice a half-closed connection. */
  readonly goneAfterMs: number | undefined;
}

/** Longer than two of the service's deadlines, for a request that the proxy sends twice, and what is on the way. */
const PATIENCE_MS = 25_000;
/** What the service says with a refusal: another word, or none, is no refusal of its own. */
const WORDS: Readonly<Record<number, RegExp>> = {
  401: /"err":"access_unauthorized"/,
  404: /"err":"api_not_found"/,
  409: /"err":"version_conflict"/,
  422: /"err":"idempotency_key_reused"/,
  503: /"err":"(?:store_unavailable|state_not_ready)"/,
};
/** An answer that is not what it should be for its status: stands for one that the service must never give. */
const UNREADABLE = 418;

/** Sends requests over connections that are kept alive, as clients do. */
export class Exchanges {
  private readonly agent = new Agent({ keepAlive: true });

  /** Requests that got no answer at all in a very long time. */
  unanswered = 0;
  private readonly now: () => number;

  /** @param now milliseconds by the clock of the whole run */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Never rejects: no answer is an outcome. */
  async send(request: Request, sending: Sending): Promise<Attempt> {
    const { worker, trace } = sending;
    const call = this.now();
    const { status, text } = await this.post(request, sending);
    const attempt = { call, end: this.now(), worker, trace };
    if (status !== 200) return { ...attempt, status: WORDS[status]?.test(text) === false ? UNREADABLE : status };
    const answer = fromWire(request, text);
    return answer === undefined ? { ...attempt, status: UNREADABLE } : { ...attempt, status, answer };
  }

  close(): void {
    this.agent.destroy();
  }

  private async post(request: Request, sending: Sending): Promise<{ readonly status: number; readonly text: string }> {
    const { url, token, trace, key, goneAfterMs } = sending;
    const { target, body } = toWire(request);
    const text = JSON.stringify(body);
    return await new Promise((resolve) => {
      const none = (): void => resolve({ status: 0, text: "" });
      const outgoing = httpRequest(`${url}${target}`, {
        method: "POST",
        agent: this.agent,
        headers: {
          authorization: `Bearer ${token}`,
          "content-length": Buffer.byteLength(text),
          traceparent: `00-${trace}-${trace.slice(16)}-01`,
          ...(key !== undefined && { "idempotency-key": key }),
        },
      });
      const hangUp = setTimeout(() => {
        if (goneAfterMs === undefined) this.unanswered += 1;
        outgoing.socket?.resetAndDestroy();
        outgoing.destroy();
      }, goneAfterMs ?? PATIENCE_MS);
      outgoing.once("close", () => clearTimeout(hangUp));
      outgoing.on("error", none);
      outgoing.once("response", (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", none);
        incoming.once("close", () => {
          if (!incoming.complete) return none();
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      });
      outgoing.end(text);
    });
  }
}
