import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { familyOf, type ProcessLine, survivorsOf } from "./dev/processes.fixture.ts";
import { temporaryFolder } from "./dev/temporary-folder.fixture.ts";
import { until } from "./dev/until.fixture.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const MAX_MS = 50_000;
const timeout = 120_000;

interface StartedDemo {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves to the exit code, or to the signal that ended the demo. */
  readonly exit: Promise<number | string | null>;
  /** Every process of the demo that was observed so far. */
  processes(): Promise<readonly ProcessLine[]>;
  /** Files in its temporary folder. */
  temporaryFiles(): readonly string[];
}

/** Starts the demo as a user would, with its own temporary folder. */
function start(command: string, args: readonly string[]): StartedDemo {
  const folder = temporaryFolder();
  const child = spawn(command, args, {
    cwd: PROJECT,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: folder },
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) child[name].on("data", (chunk) => (output[name] += String(chunk)));
  const pid = child.pid ?? 0;
  const seen = new Map<string, ProcessLine>();
  const observe = async (): Promise<void> => {
    for (const each of await familyOf(pid)) seen.set(`${each.pid} ${each.command}`, each);
  };
  const exit = once(child, "close").then(() => child.exitCode ?? child.signalCode);
  const watch = async (): Promise<void> => {
    while (child.exitCode === null && child.signalCode === null) {
      await observe();
      await delay(250);
    }
  };
  const watched = watch();
  return {
    pid,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exit,
    async processes() {
      await (child.exitCode === null && child.signalCode === null ? observe() : watched);
      return [...seen.values()];
    },
    // npm creates node-compile-cache itself.
    temporaryFiles: () => readdirSync(folder).filter((name) => name !== "node-compile-cache"),
  };
}

describe("npm run demo", () => {
  it("loses no update and leaves no process and no file behind", { timeout }, async () => {
    const startedAt = performance.now();
    const demo = start("npm", ["run", "--silent", "demo"]);
    const exitCode = await demo.exit;
    expect({ exitCode, stderr: demo.stderr() }).toEqual({ exitCode: 0, stderr: "" });
    expect(performance.now() - startedAt).toBeLessThan(MAX_MS);
    expect(demo.stdout().split("\n").slice(-2)).toEqual(["demo: ok", ""]);
    expect(demo.stdout()).toMatch(/^ +lost updates: 0$/m);
    expect(demo.temporaryFiles()).toEqual([]);
    const family = await demo.processes();
    // Two at the start, and at least one replacement of a killed worker.
    expect(family.filter(({ command }) => command.includes("workerd serve")).length).toBeGreaterThan(2);
    await expect.poll(async () => await survivorsOf(family), { timeout: 10_000 }).toEqual([]);
  });

  it.each([
    ["SIGINT", 1, "Cannot finish the demo: it was stopped\n"],
    ["SIGKILL", "SIGKILL", ""],
  ] as const)(
    "leaves no process and no file behind when ended by %s",
    { timeout },
    async (signal, exitCode, stderr) => {
      const demo = start(process.execPath, ["tools/demo.ts"]);
      await until(() => demo.stdout().includes("\n2. "));
      const family = await demo.processes();
      expect(family.filter(({ command }) => command.includes("workerd serve"))).toHaveLength(2);
      expect(demo.temporaryFiles()).toHaveLength(1);
      process.kill(demo.pid, signal);
      expect({ exitCode: await demo.exit, stderr: demo.stderr() }).toEqual({ exitCode, stderr });
      expect(demo.stdout()).not.toContain("demo: ok");
      await expect.poll(async () => await survivorsOf(family), { timeout: 20_000 }).toEqual([]);
      await expect.poll(() => demo.temporaryFiles(), { timeout: 20_000 }).toEqual([]);
    },
  );

  it("prints its usage", async () => {
    const demo = start(process.execPath, ["tools/demo.ts", "--help"]);
    await expect(demo.exit).resolves.toBe(0);
    expect(demo.stdout()).toContain("Usage: npm run demo");
    const invalid = start(process.execPath, ["tools/demo.ts", "--fast"]);
    await expect(invalid.exit).resolves.toBe(2);
    expect(invalid.stderr()).toContain("Cannot read the command line");
  });
});
