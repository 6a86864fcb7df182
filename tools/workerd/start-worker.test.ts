import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { familyOf, survivorsOf } from "../dev/processes.fixture.ts";
import { temporaryFolder } from "../dev/temporary-folder.fixture.ts";
import { startWorker, type Worker } from "./start-worker.ts";

const ECHO = `export default { fetch(_, env) { console.log("asked"); console.log("för env"); return Response.json(env); } };`;

function folderOf(source: string): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "workerd.js"), source);
  return folder;
}

async function start(
  env: Readonly<Record<string, string>>,
  folder = folderOf(ECHO),
  options: { readonly clockSkewMs?: number } = {},
): Promise<Worker> {
  const worker = await startWorker(folder, env, options);
  onTestFinished(async () => await worker.kill());
  return worker;
}

describe("startWorker", () => {
  it("passes every setting unchanged", async () => {
    const ascii = String.fromCodePoint(...Array.from({ length: 127 }, (_, index) => index + 1));
    const env = { JSON: '{"a":["\\n",1]}', ASCII: ascii, MORE: "ü \u2028 𝄞", EMPTY: "", 'N"\\\n': "the name too" };
    const { url } = await start(env);
    await expect((await fetch(url)).json()).resolves.toEqual(env);
  });

  it("keeps the log of the worker", async () => {
    const worker = await start({});
    await (await fetch(worker.url)).text();
    await expect.poll(() => worker.lines()).toEqual(["asked", "för env"]);
    expect(worker.output()).toBe("asked\nför env\n");
  });

  it.each([600_000, -600_000])("skews the clock by %i ms, and it advances", async (clockSkewMs) => {
    const clock = folderOf(`export default { fetch: () => Response.json([Date.now(), +new Date(), +new Date(5)]) };`);
    const { url } = await start({}, clock, { clockSkewMs });
    const readClock = async () => (await (await fetch(url)).json()) as [number, number, number];
    const [now, date, given] = await readClock();
    expect(Math.abs(now - Date.now() - clockSkewMs)).toBeLessThan(60_000);
    expect(Math.abs(date - now)).toBeLessThan(1000);
    expect(given).toBe(5);
    await new Promise((go) => setTimeout(go, 20));
    expect((await readClock())[0]).toBeGreaterThan(now);
  });

  it("ends the process on kill, also when called twice", async () => {
    const folder = folderOf(ECHO);
    const worker = await start({}, folder);
    const ours = (await familyOf(process.pid)).filter(({ command }) => command.includes(folder));
    expect(ours).toHaveLength(1);
    await Promise.all([worker.kill(), worker.kill()]);
    await expect(survivorsOf(ours)).resolves.toEqual([]);
    await expect(fetch(worker.url)).rejects.toThrow("fetch failed");
    await worker.kill();
  });

  it("reports why a worker does not start", async () => {
    await expect(startWorker(folderOf("no script"), {})).rejects.toThrow(/Cannot start a worker\n.*SyntaxError/su);
  });

  it("ends with its parent process, even on SIGKILL", async () => {
    const module = new URL("start-worker.ts", import.meta.url).href;
    const script = `import { startWorker } from ${JSON.stringify(module)};
      await startWorker(process.argv[1], {});
      console.log("ready");`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", script, folderOf(ECHO)]);
    onTestFinished(() => void child.kill("SIGKILL"));
    await once(child.stdout, "data");
    const family = await familyOf(child.pid ?? 0);
    expect(family.filter(({ command }) => command.includes("workerd serve"))).toHaveLength(1);
    child.kill("SIGKILL");
    await expect.poll(async () => await survivorsOf(family), { timeout: 10_000 }).toEqual([]);
  });
});
