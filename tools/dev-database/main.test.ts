import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { CLOSE, executeRequest, postPipeline, temporaryDatabase, temporaryFolder } from "./temporary.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly line: string;
}

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env["PATH"], ...env } });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  return child;
}

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const child = run(args, env);
  const [chunk]: unknown[] = await once(child.stdout ?? child, "data");
  const line = String(chunk);
  return { child, line, url: /http:\/\/\S+/u.exec(line)?.[0] ?? "" };
}

async function outcomeOf(child: ChildProcess): Promise<{ readonly code: unknown; readonly stderr: string }> {
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const [code]: unknown[] = await once(child, "close");
  return { code, stderr };
}

test.each<NodeJS.Signals>(["SIGINT", "SIGTERM"])("it says where it listens and stops cleanly on %s", async (signal) => {
  const file = join(await temporaryFolder(), "test.db");
  const { child, line, url } = await start(["--file", file, "--port", "0"]);
  expect(line).toMatch(/^database listening on http:\/\/127\.0\.0\.1:\d+ \(file .*test\.db\)\n$/u);
  await postPipeline(url, [executeRequest("BEGIN IMMEDIATE")]);
  const outcome = outcomeOf(child);
  child.kill(signal);
  expect(await outcome).toEqual({ code: 0, stderr: "" });
});

test("the environment names file, port and token", async () => {
  const file = join(await temporaryFolder(), "test.db");
  const env = { DEV_DATABASE_FILE: file, DEV_DATABASE_PORT: "0", DEV_DATABASE_TOKEN: "canary" };
  const { line, url } = await start([], env);
  expect(line).not.toContain("canary");
  expect(await postPipeline(url, [])).toMatchObject({ status: 401 });
  expect(await postPipeline(url, [], { headers: { authorization: "Bearer canary" } })).toMatchObject({ status: 200 });
});

test("what can't be started is said in a line", async () => {
  const { port, file } = await temporaryDatabase();
  const taken = outcomeOf(run(["--file", `${file}2`, "--port", String(port)]));
  const homeless = outcomeOf(run([]));
  const unknown = outcomeOf(run(["--token", "canary"]));
  const wrong = outcomeOf(run(["--file", file, "--port", "http"]));
  expect(await taken).toEqual({ code: 1, stderr: `Cannot listen on port ${port}: another process uses it\n` });
  expect(await homeless).toMatchObject({ code: 1, stderr: expect.stringContaining("DEV_DATABASE_FILE") });
  expect(await unknown).toMatchObject({ code: 1, stderr: expect.stringContaining("Usage:") });
  expect(await wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('Cannot listen on port "http"') });
});

test("every acknowledged row outlives a kill in the middle of writing", async () => {
  const file = join(await temporaryFolder(), "test.db");
  const { child, url } = await start(["--file", file, "--port", "0"]);
  await postPipeline(url, [executeRequest("CREATE TABLE t (id TEXT PRIMARY KEY)"), CLOSE]);
  const acknowledged: string[] = [];
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; ; count += 1) {
      const id = `${writer}-${count}`;
      const insert = executeRequest("INSERT INTO t VALUES (?)", [{ type: "text", value: id }]);
      const { results } = await postPipeline(url, [insert, CLOSE]);
      expect(results[0]).toMatchObject({ type: "ok" });
      acknowledged.push(id);
      if (acknowledged.length === 40) {
        child.kill("SIGKILL");
      }
    }
  };
  const writers = await Promise.allSettled([0, 1, 2, 3].map(write));
  expect(writers.map((writer) => String(writer.status === "rejected" && writer.reason))).toEqual(
    Array.from({ length: 4 }, () => "TypeError: fetch failed"),
  );
  expect(acknowledged.length).toBeGreaterThanOrEqual(40);
  const again = await temporaryDatabase({ file });
  const missing = "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT id FROM t)";
  const args = [{ type: "text", value: JSON.stringify(acknowledged) }];
  const answer = await again.pipeline([executeRequest(missing, args), executeRequest("PRAGMA integrity_check"), CLOSE]);
  expect(answer.results).toMatchObject([
    { response: { result: { rows: [] } } },
    { response: { result: { rows: [[{ value: "ok" }]] } } },
    { type: "ok" },
  ]);
});
