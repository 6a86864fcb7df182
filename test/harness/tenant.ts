import { randomBytes } from "node:crypto";
import { type Agent, type IncomingMessage, request } from "node:http";

/** A workload with a part of the paths to itself, and a mark in all its values. */
export interface Tenant {
  /** Of its paths: `a/…`. */
  readonly name: string;
  readonly mark: string;
  readonly spiffeId: string;
  readonly token: string;
}

/** One request, and what came of it. */
export interface Exchange {
  readonly tenant: Tenant;
  /** Of the request, as its sender or the worker chose it. */
  readonly traceId: string;
  readonly action: string;
  readonly path: string | undefined;
  /** Whether its token was the tenant's. */
  readonly isGenuine: boolean;
  /** `undefined` where the sender hung up. */
  readonly status: number | undefined;
  /** Headers and body, as they came. */
  readonly text: string;
}

export interface Errand {
  readonly tenant: Tenant;
  readonly action: string;
  readonly target: string;
  /** Text as it is, anything else as JSON. */
  readonly body: object | string;
  /** Unless it is the tenant's. */
  readonly token?: string;
}

/** Sends a request. Half of them name their trace themselves; then the answer has to be of that trace. */
export async function exchange(url: string, errand: Errand, agent: Agent): Promise<Exchange> {
  const wanted = randomBytes(16).toString("hex");
  const names = wanted < "8";
  const outgoing = request(`${url}${errand.target}`, {
    method: "POST",
    agent,
    headers: { ...headersOf(errand), ...(names && traceparent(wanted)) },
  });
  outgoing.end(bodyOf(errand));
  const incoming = await new Promise<IncomingMessage>((resolve, reject) =>
    outgoing.once("response", resolve).once("error", reject),
  );
  const body = await textOf(incoming);
  const traceId = String(incoming.headers["x-request-id"]);
  if (names && traceId !== wanted) throw new Error(`request ${wanted} is answered as ${traceId}`);
  const text = `${incoming.rawHeaders.join("\n")}\n\n${body}`;
  return { ...partsOf(errand), traceId, status: incoming.statusCode, text };
}

/** Sends a request, and resets the connection once `when` is fulfilled, unless it has been answered by then. */
export async function hangUp(url: string, errand: Errand, when: () => Promise<unknown>): Promise<Exchange> {
  const traceId = randomBytes(16).toString("hex");
  const outgoing = request(`${url}${errand.target}`, {
    method: "POST",
    agent: false,
    headers: { ...headersOf(errand), ...traceparent(traceId) },
  });
  const ended = new Promise<IncomingMessage | undefined>((resolve) =>
    outgoing
      .once("response", resolve)
      .on("error", () => resolve(undefined))
      .once("close", () => resolve(undefined)),
  );
  outgoing.end(bodyOf(errand));
  await when();
  outgoing.socket?.resetAndDestroy();
  outgoing.destroy();
  (await ended)?.on("error", () => undefined).resume();
  return { ...partsOf(errand), traceId, status: undefined, text: "" };
}

function headersOf({ tenant, token = tenant.token }: Errand): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function traceparent(traceId: string): Readonly<Record<string, string>> {
  return { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
}

function bodyOf({ body }: Errand): string {
  return typeof body === "string" ? body : JSON.stringify(body);
}

function partsOf({ tenant, action, body, token }: Errand): Pick<Exchange, "tenant" | "action" | "path" | "isGenuine"> {
  const path = typeof body === "object" && "path" in body ? String(body.path) : undefined;
  return { tenant, action, isGenuine: token === undefined, path };
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
