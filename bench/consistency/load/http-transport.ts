import { Agent, request as httpRequest } from "node:http";
import type { Exchange, Request } from "../history/history.ts";
import { encodeRequest, parseResult } from "./wire.ts";

export interface SendOptions {
  readonly url: string;
  readonly worker: number;
  readonly trace: string;
  readonly token: string;
  readonly key: string | undefined;
  /** Reset the connection after this time. workerd does not notice a connection that is only half closed. */
  readonly disconnectAfterMs: number | undefined;
}

/** More than two of the service's deadlines, because a proxy may send a request twice. */
const TIMEOUT_MS = 25_000;
/** The error codes that the service may send with a status. */
const ERROR_CODES: Readonly<Record<number, RegExp>> = {
  401: /"err":"access_unauthorized"/,
  404: /"err":"api_not_found"/,
  409: /"err":"version_conflict"/,
  422: /"err":"idempotency_key_reused"/,
  503: /"err":"(?:store_unavailable|state_not_ready)"/,
};
/** Recorded for a body that does not fit its status. The service never sends this status, so the checker reports it. */
const MALFORMED_RESPONSE = 418;

/** Sends requests over keep-alive connections. */
export class HttpTransport {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly now: () => number;
  /** Number of requests that timed out. */
  timeouts = 0;

  /** @param now milliseconds by the run's clock */
  constructor(now: () => number) {
    this.now = now;
  }

  /** Never rejects: a missing response is an outcome. */
  async send(request: Request, options: SendOptions): Promise<Exchange> {
    const { worker, trace } = options;
    const invokedAt = this.now();
    const { status, text } = await this.post(request, options);
    const exchange = { invokedAt, completedAt: this.now(), worker, trace };
    if (status !== 200) {
      const isMalformed = ERROR_CODES[status]?.test(text) === false;
      return { ...exchange, status: isMalformed ? MALFORMED_RESPONSE : status };
    }
    const result = parseResult(request, text);
    return result === undefined ? { ...exchange, status: MALFORMED_RESPONSE } : { ...exchange, status, result };
  }

  close(): void {
    this.agent.destroy();
  }

  private async post(
    request: Request,
    { url, token, trace, key, disconnectAfterMs }: SendOptions,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { target, body } = encodeRequest(request);
    const text = JSON.stringify(body);
    return await new Promise((resolve) => {
      const fail = (): void => resolve({ status: 0, text: "" });
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
      const disconnect = setTimeout(() => {
        if (disconnectAfterMs === undefined) this.timeouts += 1;
        outgoing.socket?.resetAndDestroy();
        outgoing.destroy();
      }, disconnectAfterMs ?? TIMEOUT_MS);
      outgoing.once("close", () => clearTimeout(disconnect));
      outgoing.on("error", fail);
      outgoing.once("response", (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", fail);
        incoming.once("close", () => {
          if (!incoming.complete) return fail();
          resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      });
      outgoing.end(text);
    });
  }
}
