import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import { type HttpDatabase, httpDatabase } from "./http-database.ts";

/**
 * Opens databases for the tests inside workerd, which cannot open one themselves. Each request closes the previous database and
 * returns the URL of a new one. Nothing is opened before the first request, because other tests may use an external database.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let database: HttpDatabase | undefined;
  const server = createServer((_, response) => {
    const open = async (): Promise<string> => {
      await database?.close();
      database = undefined;
      database = await httpDatabase();
      return database.url;
    };
    open().then(
      (url) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  project.provide("databases", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await Promise.all([closed, database?.close()]);
  };
}
