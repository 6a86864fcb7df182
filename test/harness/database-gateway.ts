import { once } from "node:events";
import { Agent as HttpAgent, createServer, type IncomingMessage, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";

/** A local address of a database elsewhere. */
export interface DatabaseGateway {
  readonly url: string;
  /** Aborts pending requests. Fulfilled when the database has none of them any more. */
  close(): Promise<void>;
}

interface Target {
  /** An `http:` or `https:` URL. */
  readonly url: string;
  readonly authToken: string | undefined;
}

/**
 * Forwards requests to a database and adds its token. Tests, workers and fault proxies then need neither TLS nor the token.
 * A sender that disconnects makes the gateway disconnect from the database too.
 */
export async function startGateway({ url, authToken }: Target): Promise<DatabaseGateway> {
  const base = url.replace(/\/$/, "");
  const isHttps = new URL(url).protocol === "https:";
  const agent = isHttps ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  const pending = new Set<Promise<void>>();
  const server = createServer({ keepAliveTimeout: 65_000 }, (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    const forwarded = isHttps ? httpsRequest : httpRequest;
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.once("end", () => {
      const body = Buffer.concat(chunks);
      const toDatabase = forwarded(new URL(`${base}${incoming.url ?? ""}`), {
        method: incoming.method ?? "POST",
        agent,
        headers: {
          ...(incoming.headers["content-type"] !== undefined && { "content-type": incoming.headers["content-type"] }),
          ...(authToken !== undefined && { authorization: `Bearer ${authToken}` }),
          "content-length": body.length,
        },
      });
      const closed = new Promise<void>((resolve) => toDatabase.once("close", resolve));
      pending.add(closed);
      void closed.then(() => pending.delete(closed));
      outgoing.once("close", () => {
        if (!outgoing.writableFinished) toDatabase.destroy();
      });
      toDatabase.once("response", (response: IncomingMessage) => {
        const { "transfer-encoding": _, connection: __, "keep-alive": ___, ...headers } = response.headers;
        outgoing.writeHead(response.statusCode ?? 502, headers);
        response.on("error", () => incoming.socket.resetAndDestroy());
        response.pipe(outgoing);
      });
      toDatabase.on("error", () => incoming.socket.resetAndDestroy());
      toDatabase.end(body);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await Promise.all([closed, ...pending]);
      agent.destroy();
    },
  };
}
