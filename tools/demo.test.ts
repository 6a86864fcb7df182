import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { familyOf, type ProcessLine, survivorsOf } from "./dev/processes.fixture.ts";
import { temporaryFolder } from "./dev/temporary-folder.fixture.ts";
import { until } from "./dev/until.fixture.ts";

const PROJECT = fileURLToPath(new URL("..", import.meta.url));
const LONGEST_MS = 50_000;
const timeout = 120_000;

interface StartedDemo {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Its exit code, or the signal that ended it. */
  readonly end: Promise<number | string | null>;
  /** Every process of it that was seen so far. */
  seen(): Promise<readonly ProcessLine[]>;
  /** What it has in its folder for temporary files. */
  files(): readonly string[];
}

/** Starts it as a user would, with a folder for temporary files of its own. */
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
  const look = async (): Promise<void> => {
    for (const each of await familyOf(pid)) seen.set(`${each.pid} ${each.command}`, each);
  };
  const end = once(child, "close").then(() => child.exitCode ?? child.signalCode);
  const watch = async (): Promise<void> => {
    while (child.exitCode === null && child.signalCode === null) {
      await look();
      await pause(250);
    }
  };
  const watched = watch();
  return {
    pid,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    end,
    async seen() {
      await (child.exitCode === null && child.signalCode === null ? look() : watched);
      return [...seen.values()];
    },
    // The other one is npm's own.
    files: () => readdirSync(folder).filter((name) => name !== "node-compile-cache"),
  };
}

describe("npm run demo", () => {
  it("shows that nothing is lost, and leaves nothing behind", { timeout }, async () => {
    const began = performance.now();
    const demo = start("npm", ["run", "--silent", "demo"]);
    const exitCode = await demo.end;
    expect({ exitCode, stderr: demo.stderr() }).toEqual({ exitCode: 0, stderr: "" });
    expect(performance.now() - began).toBeLessThan(LONGEST_MS);
    expect(demo.stdout().split("\n").slice(-2)).toEqual(["demo: ok", ""]);
    expect(demo.stdout()).toMatch(/^ +lost updates: 0$/m);
    expect(demo.files()).toEqual([]);
    const family = await demo.seen();
    // Two to begin with, and at least one that came for a killed one.
    expect(family.filter(({ command }) => command.includes("workerd serve")).length).toBeGreaterThan(2);
    await expect.poll(async () => await survivorsOf(family), { timeout: 10_000 }).toEqual([]);
  });

  it.each([
    ["SIGINT", 1, "Cannot finish the demo: it was stopped\n"],
    ["SIGKILL", "SIGKILL", ""],
  ] as const)("leaves nothing behind when it is ended by %s", { timeout }, async (signal, exitCode, stderr) => {
    const demo = start(process.execPath, ["tools/demo.ts"]);
    await until(() => demo.stdout().includes("\n2. "));
    const family = await demo.seen();
    expect(family.filter(({ command }) => command.includes("workerd serve"))).toHaveLength(2);
    expect(demo.files()).toHaveLength(1);
    process.kill(demo.pid, signal);
    expect({ exitCode: await demo.end, stderr: demo.stderr() }).toEqual({ exitCode, stderr });
    expect(demo.stdout()).not.toContain("demo: ok");
    await expect.poll(async () => await survivorsOf(family), { timeout: 20_000 }).toEqual([]);
    await expect.poll(() => demo.files(), { timeout: 20_000 }).toEqual([]);
  });

  it("says how it is used", async () => {
    const demo = start(process.execPath, ["tools/demo.ts", "--help"]);
    await expect(demo.end).resolves.toBe(0);
    expect(demo.stdout()).toContain("Usage: npm run demo");
    const wrong = start(process.execPath, ["tools/demo.ts", "--fast"]);
    await expect(wrong.end).resolves.toBe(2);
    expect(wrong.stderr()).toContain("Cannot read the command line");
  });
});
