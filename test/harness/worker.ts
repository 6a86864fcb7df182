import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = new URL("../..", import.meta.url).pathname;
const require = createRequire(import.meta.url);

/** Builds the worker as it would be deployed; resolves to the folder with `workerd.js`. */
export async function buildWorker(): Promise<{ readonly folder: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-worker-"));
  const wrangler = join(require.resolve("wrangler/package.json"), "../bin/wrangler.js");
  await promisify(execFile)(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", folder], {
    cwd: ROOT,
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true" },
  });
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** A real `workerd` process with the built worker. */
export interface Worker {
  readonly url: string;
  /** What it logged so far. */
  output(): string;
  /** Ends it at once, in the middle of whatever it does. */
  kill(): Promise<void>;
}

export async function startWorker(folder: string, env: Readonly<Record<string, string>>): Promise<Worker> {
  const configs = mkdtempSync(join(folder, "config-"));
  const config = join(configs, "config.capnp");
  writeFileSync(config, capnp(env), { mode: 0o600 });
  const child = spawn(workerdBinary(), ["serve", config, "--control-fd=3"], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    cwd: configs,
  });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const port = await listening(child, () => output);
  return {
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function workerdBinary(): string {
  const module: unknown = require("workerd");
  if (typeof module === "object" && module !== null && "default" in module && typeof module.default === "string") {
    return module.default;
  }
  throw new Error("Cannot start a worker: the package workerd names no binary");
}

/** workerd tells on its control channel which port it was given. */
async function listening(child: ChildProcess, output: () => string): Promise<number> {
  const control = child.stdio[3];
  if (!control || !("on" in control)) throw new Error("Cannot start a worker: no control channel");
  return await new Promise<number>((resolve, reject) => {
    let text = "";
    control.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const port = /"event":"listen".*?"port":(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    child.on("exit", (code) => reject(new Error(`Cannot start a worker: it ended with ${code}\n${output()}`)));
  });
}

function capnp(env: Readonly<Record<string, string>>): string {
  const bindings = Object.entries(env).map(([name, value]) => `(name = "${name}", text = ${JSON.stringify(value)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "../workerd.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [${bindings.join(", ")}],
);
`;
}
