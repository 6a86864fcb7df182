import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { callNexus } from "./call-nexus.ts";
import type { CliIo } from "./cli-io.ts";
import { readServiceUrl } from "./service-url.ts";

const ENV = { SPIKE_NEXUS_API_URL: "https://env.example/nexus" };

describe("readServiceUrl", () => {
  it.each([
    ["http://host/spike", "http://host/spike"],
    ["http://host/spike/", "http://host/spike"],
    ["http://host/a/b//", "http://host/a/b"],
    ["http://host//other", "http://host//other"],
    ["http://host/a/../b", "http://host/b"],
    ["http://host", "http://host"],
    ["http://host/", "http://host"],
    ["HTTPS://Host:443/Spike", "https://host/Spike"],
    ["https://host:8443/spike", "https://host:8443/spike"],
    [" http://host/spike\r\n", "http://host/spike"],
    ['"http://host/spike"', "http://host/spike"],
  ])("reads --url %j as %s (Q08)", (url, expected) => {
    expect(readServiceUrl(url, ENV, "show the status")).toBe(expected);
  });

  it.each([undefined, "", " ", '""', "\n"])("treats %j as not set (Q08)", (empty) => {
    expect(readServiceUrl(empty, ENV, "show the status")).toBe("https://env.example/nexus");
    expect(readServiceUrl(empty, {}, "show the status")).toBe("http://127.0.0.1:8787");
    const env = { SPIKE_NEXUS_API_URL: empty };
    expect(readServiceUrl(undefined, env, "show the status")).toBe("http://127.0.0.1:8787");
  });

  const SCHEME = "must begin with https:// or http://";
  it.each([
    ["localhost:8787", SCHEME],
    ["host/canary", SCHEME],
    ["canary", SCHEME],
    ["127.0.0.1:8787", SCHEME],
    ["//canary", SCHEME],
    ["/canary", SCHEME],
    ["canary://host", SCHEME],
    ["libsql://host", SCHEME],
    ["http:host", `${SCHEME}: the two slashes are missing`],
    ["http:/host", `${SCHEME}: the two slashes are missing`],
    ["ws://host", `${SCHEME}, not with ws:`],
    ["http://host?canary=1", "must not have a query (?)"],
    ["http://host/spike?", "must not have a query (?)"],
    ["http://host/#canary", "must not have a fragment (#)"],
    ["http://canary@host", "must not have a user or a password: use --token-file for the token"],
    ["http://host\\canary", "must not contain white space or backslashes"],
    ["http://host/can ary", "must not contain white space or backslashes"],
    ["http://", "must name a host"],
    ["http:///spike", "must name a host"],
    ["http://host:canary", "must have a valid host and port"],
  ])("rejects %s and states the rule (Q08)", (url, rule) => {
    const failure = (source: string) =>
      expect.objectContaining({ message: `Cannot show the status: ${source} ${rule}.`, exitCode: 2 });
    expect(() => readServiceUrl(url, {}, "show the status")).toThrow(failure("--url"));
    const env = { SPIKE_NEXUS_API_URL: url };
    expect(() => readServiceUrl("", env, "show the status")).toThrow(failure("SPIKE_NEXUS_API_URL"));
  });
});

describe("callNexus", () => {
  /** A server that records its requests. `redirect` is where it sends clients to. */
  async function server(status = 200, redirect?: (own: string) => string) {
    const seen: IncomingMessage[] = [];
    let origin = "";
    const listening = createServer((request, response) => {
      seen.push(request);
      response.writeHead(status, redirect && { location: redirect(origin) }).end('{"ok":true}');
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void listening.close());
    await once(listening, "listening");
    const address = listening.address();
    origin = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
    return { origin, seen };
  }

  async function call(url: string): Promise<unknown> {
    const folder = mkdtempSync(join(tmpdir(), "spike-url-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const tokenFile = join(folder, "token");
    writeFileSync(tokenFile, "a.b.c\n");
    // Only these members are used.
    const io = {
      env: { SPIKE_TOKEN_FILE: "" },
      fetch: async (to, init) => await fetch(to, init),
    } satisfies Partial<CliIo>;
    const request = { action: "show the status", target: "operator/status", body: {} };
    return await callNexus(io as unknown as CliIo, { url, tokenFile }, request);
  }

  it.each(["", "/", "/spike", "/spike/", "/a/b"])("sends the token below the path %j only (Q08)", async (path) => {
    const { origin, seen } = await server();
    await expect(call(`${origin}${path}`)).resolves.toEqual({ ok: true });
    expect(seen.map(({ url }) => url)).toEqual([`${path.replace(/\/$/, "")}/v1/operator/status`]);
    expect(seen[0]?.headers.authorization).toBe("Bearer a.b.c");
  });

  it.each([301, 302, 303, 307, 308])("does not follow a redirect with status %i (Q08)", async (status) => {
    const elsewhere = await server();
    for (const redirect of [() => `${elsewhere.origin}/x`, (own: string) => `${own}/other`]) {
      const { origin, seen } = await server(status, redirect);
      await expect(call(`${origin}/spike`)).rejects.toThrow(
        `Cannot show the status: ${origin}/spike redirects (status ${status}), and redirects are not followed.`,
      );
      expect(seen).toHaveLength(1);
    }
    expect(elsewhere.seen).toEqual([]);
  });
});
