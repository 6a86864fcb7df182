import { randomBytes } from "node:crypto";
import { type Agent, type IncomingMessage, request } from "node:http";

/** A workload that owns all paths below `name/`. */
export interface Tenant {
  readonly name: string;
  /** A text that all its values contain. */
  readonly canary: string;
  readonly spiffeId: string;
  readonly token: string;
}

/** One request and its response. */
export interface Exchange {
  readonly tenant: Tenant;
  /** The trace id, chosen by the sender or by the worker. */
  readonly traceId: string;
  readonly action: string;
  readonly path: string | undefined;
  /** Whether the request carried the tenant's valid token. */
  readonly hasValidToken: boolean;
  /** `undefined` if the sender aborted the request. */
  readonly status: number | undefined;
  /** The headers and the body of the response. */
  readonly text: string;
}

export interface TenantRequest {
  readonly tenant: Tenant;
  readonly action: string;
  readonly target: string;
  /** Text is sent unchanged, an object as JSON. */
  readonly body: object | string;
  /** Replaces the token of the tenant. */
  readonly token?: string;
}

/** Sends a request. Half of the requests choose their trace id, which the response must repeat. */
export async function exchange(url: string, sent: TenantRequest, agent: Agent): Promise<Exchange> {
  const chosenId = randomBytes(16).toString("hex");
  const choosesId = chosenId < "8";
  const outgoing = request(`${url}${sent.target}`, {
    method: "POST",
    agent,
    headers: { ...headersOf(sent), ...(choosesId && traceparent(chosenId)) },
  });
  outgoing.end(bodyOf(sent));
  const incoming = await new Promise<IncomingMessage>((resolve, reject) =>
    outgoing.once("response", resolve).once("error", reject),
  );
  const body = await textOf(incoming);
  const traceId = String(incoming.headers["x-request-id"]);
  if (choosesId && traceId !== chosenId) {
    throw new Error(`the response to request ${chosenId} has the request id ${traceId}`);
  }
  const text = `${incoming.rawHeaders.join("\n")}\n\n${body}`;
  return { ...partsOf(sent), traceId, status: incoming.statusCode, text };
}

/** Sends a request, and resets its connection when `when` is fulfilled, even if the response has already arrived. */
export async function sendAndAbort(url: string, sent: TenantRequest, when: () => Promise<unknown>): Promise<Exchange> {
  const traceId = randomBytes(16).toString("hex");
  const outgoing = request(`${url}${sent.target}`, {
    method: "POST",
    agent: false,
    headers: { ...headersOf(sent), ...traceparent(traceId) },
  });
  const ended = new Promise<IncomingMessage | undefined>((resolve) =>
    outgoing
      .once("response", resolve)
      .on("error", () => resolve(undefined))
      .once("close", () => resolve(undefined)),
  );
  outgoing.end(bodyOf(sent));
  await when();
  outgoing.socket?.resetAndDestroy();
  outgoing.destroy();
  (await ended)?.on("error", () => undefined).resume();
  return { ...partsOf(sent), traceId, status: undefined, text: "" };
}

function headersOf({ tenant, token = tenant.token }: TenantRequest): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function traceparent(traceId: string): Readonly<Record<string, string>> {
  return { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
}

function bodyOf({ body }: TenantRequest): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

function partsOf({
  tenant,
  action,
  body,
  token,
}: TenantRequest): Pick<Exchange, "tenant" | "action" | "path" | "hasValidToken"> {
  const path = typeof body === "object" && "path" in body ? String(body.path) : undefined;
  return { tenant, action, hasValidToken: token === undefined, path };
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
