import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@libsql/client";
import { describe, expect, it } from "vitest";
import { runScript } from "./command/run-script.fixture.ts";
import { areFree, firstFreePort } from "./dev/free-ports.fixture.ts";
import { modesIn } from "./dev/modes.fixture.ts";
import { type ProcessLine, survivorsOf } from "./dev/processes.fixture.ts";
import { paste, type StartedCommand, startDev } from "./dev/started-command.fixture.ts";
import { temporaryFolder } from "./dev/temporary-folder.fixture.ts";
import { until } from "./dev/until.fixture.ts";

/** Ten times what an idle machine needs. */
const timeout = 180_000;

describe("npm run dev", () => {
  it("serves, leaves no process or port behind, and keeps its data", { timeout }, async () => {
    const dir = join(temporaryFolder(), "state");
    const port = await firstFreePort(3);
    const args = ["--port", String(port), "--db-port", String(port + 2), "--dir", dir];

    const first = startDev([...args, "--instances", "2"]);
    await first.ready();
    const { put, get } = printedLines(first);
    await expect(paste(put)).resolves.toEqual({ version: 1, revision: 1 });
    await expect(paste(get)).resolves.toEqual({ data: { greeting: "hello" } });
    await expect(paste(get.replace(`:${port}/`, `:${port + 1}/`))).resolves.toEqual({ data: { greeting: "hello" } });
    const family = await first.family();
    expect(family.filter(isRuntime).length).toBeGreaterThanOrEqual(2);
    expectPrivacy(dir, [first.output(), ...family.map(({ command }) => command)]);

    first.kill("SIGINT");
    await expect(first.end).resolves.toBe(0);
    await expectEnded(family);
    await expect(areFree([port, port + 1, port + 2])).resolves.toBe(true);

    const second = startDev(args);
    await second.ready();
    await expect(paste(get)).resolves.toEqual({ data: { greeting: "hello" } });
    await expect(paste(put)).resolves.toEqual({ version: 2, revision: 2 });
  });

  it("runs a replica, and a worker that reads from it (H01)", { timeout }, async () => {
    const dir = join(temporaryFolder(), "state");
    const port = await firstFreePort(3);
    const started = startDev(["--port", String(port), "--db-port", String(port + 1), "--replica", "--dir", dir]);
    await started.ready();
    expect(started.output()).toContain(`replica   http://127.0.0.1:${port + 2}  `);
    const { put, get } = printedLines(started);
    await expect(paste(put)).resolves.toEqual({ version: 1, revision: 1 });
    await expect(paste(get)).resolves.toEqual({ data: { greeting: "hello" } });
    const authToken = readFileSync(join(dir, "database-token"), "utf8").trim();
    const replica = createClient({ url: `http://127.0.0.1:${port + 2}`, authToken });
    await expect
      .poll(async () => (await replica.execute("SELECT revision FROM store")).rows)
      .toMatchObject([{ revision: 1 }]);
    replica.close();
    const settings = readFileSync(join(dir, "worker.env"), "utf8");
    expect(settings).toMatch(new RegExp(`^LIBSQL_REPLICA_URL=.http://127\\.0\\.0\\.1:${port + 2}.$`, "m"));
    expectPrivacy(dir, [started.output()]);
    const family = await started.family();
    started.kill("SIGINT");
    await expect(started.end).resolves.toBe(0);
    await expectEnded(family);
    await expect(areFree([port, port + 1, port + 2])).resolves.toBe(true);
  });

  it("stops everything when a worker crashes", { timeout }, async () => {
    const port = await firstFreePort(2);
    const started = startDev(["--port", String(port), "--db-port", String(port + 1), "--dir", temporaryFolder()]);
    await started.ready();
    const family = await started.family();
    process.kill(family.findLast(isRuntime)?.pid ?? started.pid, "SIGKILL");
    await expect(started.end).resolves.toBe(1);
    expect(started.output()).toContain(`Cannot run the worker on port ${port}: its runtime ended unexpectedly`);
    await expectEnded(family);
  });

  it("rejects a used port before it starts anything", { timeout }, async () => {
    const port = await firstFreePort(3);
    const first = startDev(["--port", String(port), "--db-port", String(port + 2), "--dir", temporaryFolder()]);
    await first.ready();
    const dir = join(temporaryFolder(), "state");
    const refusal = async (worker: number, database: number): Promise<object> =>
      await runScript("dev.ts", ["--port", String(worker), "--db-port", String(database), "--dir", dir]);
    await expect(refusal(port, port + 1)).resolves.toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `Cannot start the worker on port ${port}: another process uses it; choose another port with --port\n`,
    });
    await expect(refusal(port + 1, port + 2)).resolves.toMatchObject({
      exitCode: 1,
      stderr: `Cannot start the database on port ${port + 2}: another process uses it; choose another port with --db-port\n`,
    });
    expect(existsSync(dir)).toBe(false);
  });

  it("refuses a second command in the same folder on other ports, until it is killed (Q19)", { timeout }, async () => {
    const dir = join(temporaryFolder(), "state");
    const port = await firstFreePort(6);
    const first = startDev(["--port", String(port), "--db-port", String(port + 1), "--dir", dir]);
    await first.ready();
    const before = readFileSync(join(dir, "worker.env"), "utf8");
    const refused = {
      exitCode: 1,
      stdout: "",
      stderr: `Cannot use "${dir}": another "npm run dev" or "npm run dev:database" uses it (worker http://127.0.0.1:${port}, database http://127.0.0.1:${port + 1}); stop it, or choose another folder with --dir\n`,
    };
    const devArgs = ["--port", String(port + 2), "--db-port", String(port + 3), "--dir", dir];
    const databaseArgs = ["--db-port", String(port + 4), "--dir", dir];
    const both = [runScript("dev.ts", devArgs), runScript("dev-with-wrangler.ts", databaseArgs)];
    await expect(Promise.all(both)).resolves.toEqual([refused, refused]);
    expect(readFileSync(join(dir, "worker.env"), "utf8")).toBe(before);
    await expect(areFree([port + 2, port + 3, port + 4])).resolves.toBe(true);

    first.kill("SIGKILL");
    await expect(first.end).resolves.toBe("SIGKILL");
    const second = startDev(devArgs);
    await second.ready();
    const { put } = printedLines(second);
    await expect(paste(put)).resolves.toEqual({ version: 1, revision: 1 });
  });

  it("stops its workers when it is killed by SIGKILL", { timeout }, async () => {
    const port = await firstFreePort(2);
    const started = startDev(["--port", String(port), "--db-port", String(port + 1), "--dir", temporaryFolder()]);
    await until(async () => (await started.family()).some(isRuntime));
    const family = await started.family();
    started.kill("SIGKILL");
    await expect(started.end).resolves.toBe("SIGKILL");
    await expectEnded(family);
    await expect(areFree([port, port + 1])).resolves.toBe(true);
  });
});

function isRuntime({ command }: ProcessLine): boolean {
  return command.includes("workerd serve");
}

function printedLines(started: StartedCommand): { readonly put: string; readonly get: string } {
  const [put = "", get = ""] = started.output().match(/(?<=^ *)curl -sS .*$/gm) ?? [];
  return { put, get };
}

/** The folder is private, and no output and no command line has one of its secrets. */
function expectPrivacy(dir: string, seen: readonly string[]): void {
  expect(modesIn(dir)).toEqual({ folders: ["700"], files: ["600"] });
  for (const name of ["root-keys", "database-token", "superuser.jwt"]) {
    const secret = readFileSync(join(dir, name), "utf8").trim();
    for (const text of seen) expect(text).not.toContain(secret);
  }
}

async function expectEnded(family: readonly ProcessLine[]): Promise<void> {
  await expect.poll(async () => await survivorsOf(family), { timeout: 10_000 }).toEqual([]);
}
