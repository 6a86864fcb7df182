import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { formatEnvFile } from "../tools/dev/env-file.ts";
import { workerSettings } from "../tools/dev/worker-settings.ts";
import { cleanEnvironment } from "../tools/docs/clean-environment.ts";
import { copyProject } from "../tools/docs/copy-project.ts";
import { startWorker, type Worker } from "../tools/workerd/start-worker.ts";
import { type CloudflareApi, cloudflareApi } from "./harness/cloudflare-api.ts";
import { testDomain } from "./harness/identity.ts";
import { editProductionVars, readmeProductionLines } from "./harness/production-vars.ts";
import { KEY_A } from "./harness/service.ts";

/** Ten times what an idle machine needs: each test runs wrangler up to four times. */
const timeout = 240_000;
const SECRETS = { SPIKE_ROOT_KEYS: KEY_A, LIBSQL_AUTH_TOKEN: "sesame" };
const DATABASE_URL = "https://store.example.org";

let cloudflare: CloudflareApi;
let scratch: string;
let project: ReturnType<typeof copyProject>;
beforeEach(async () => {
  cloudflare = await cloudflareApi();
  scratch = mkdtempSync(join(tmpdir(), "spike-edge-deployment-"));
  project = copyProject();
});
afterEach(async () => {
  await cloudflare.close();
  project.remove();
  rmSync(scratch, { recursive: true });
});

/** Runs a line as a user types it in the project folder, and enters `input` when the command prompts. */
async function run(line: string, input = ""): Promise<{ readonly exitCode: unknown; readonly output: string }> {
  const child = spawn("bash", ["--norc", "--noprofile", "-c", `${line} 2>&1`], {
    cwd: project.folder,
    env: { ...cleanEnvironment(scratch, process.env), ...cloudflare.env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.end(input);
  const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { exitCode, output };
}

async function readmeLines(): Promise<readonly string[]> {
  const keys = JSON.stringify((await testDomain("example.org")).bundle).slice(1, -1);
  return readmeProductionLines().map((line) =>
    line.replace("libsql://…", DATABASE_URL).replace('"keys":[…]', () => keys),
  );
}

/** Runs the script of the newest deployment, with its variables and secrets. */
async function startDeployed(): Promise<Worker> {
  const { script = "", vars = {}, secrets = {} } = cloudflare.deployments.at(-1) ?? {};
  writeFileSync(join(scratch, "workerd.js"), script);
  const worker = await startWorker(scratch, { ...vars, ...secrets });
  onTestFinished(async () => await worker.kill());
  return worker;
}

describe("npm run deploy", () => {
  it("uploads the same settings with every deployment", { timeout }, async () => {
    editProductionVars(project.folder, await readmeLines());
    for (const [name, value] of Object.entries(SECRETS)) {
      await expect(run(`npx wrangler secret put ${name} --env production`, value)).resolves.toMatchObject({
        exitCode: 0,
      });
    }
    for (const _ of ["first", "second"]) {
      const { exitCode, output } = await run("npm run deploy");
      expect(exitCode, output).toBe(0);
    }

    // `wrangler secret put` created the worker with an empty script.
    const [, first, second] = cloudflare.deployments;
    expect(second).toEqual(first);
    expect(second).toMatchObject({
      worker: "spike-edge",
      vars: {
        LIBSQL_URL: DATABASE_URL,
        SPIKE_TRUST_ROOT_PILOT: "example.org",
        SPIKE_TRUST_BUNDLES: expect.stringContaining('{"example.org":{"keys":[{"'),
      },
      secrets: SECRETS,
      rateLimits: ["SPIKE_RATE_LIMIT_BY_ADDRESS", "SPIKE_RATE_LIMIT_BY_IDENTITY"],
      placement: { mode: "smart" },
      observability: { enabled: true },
    });
    expect(cloudflare.schedulesOf("spike-edge")).toEqual(["*/5 * * * *"]);
    const { url } = await startDeployed();
    // It is configured, and the request has no identity.
    await expect(fetch(`${url}/v1/store/secrets?action=list`, { method: "POST", body: "{}" })).resolves.toMatchObject({
      status: 401,
    });
  });

  it("uploads a worker that names what is missing if wrangler.toml was not edited", { timeout }, async () => {
    cloudflare.create("spike-edge", SECRETS);
    await expect(run("npm run deploy")).resolves.toMatchObject({ exitCode: 0 });
    const worker = await startDeployed();
    const response = await fetch(`${worker.url}/v1/store/secrets?action=list`, { method: "POST", body: "{}" });
    expect(response.status).toBe(503);
    await expect.poll(() => worker.output()).toContain("LIBSQL_URL is not set");
  });

  it("fails if the secrets are missing", { timeout }, async () => {
    const { exitCode, output } = await run("npm run deploy");
    expect(exitCode).not.toBe(0);
    expect(output).toContain("SPIKE_ROOT_KEYS, LIBSQL_AUTH_TOKEN");
    expect(cloudflare.deployments).toEqual([]);
  });
});

describe("a plain wrangler deploy", () => {
  it("uploads no development value and leaves the production worker alone", { timeout }, async () => {
    const { bundle } = await testDomain("spike.ist");
    const secrets = { rootKeys: KEY_A, databaseToken: "dev-token" };
    const settings = workerSettings({ databaseUrl: "http://127.0.0.1:8080", bundle, secrets }, {});
    writeFileSync(join(project.folder, ".dev.vars"), formatEnvFile(settings));
    const optional = { SPIKE_PROXY_SECRETS: "p".repeat(32), LIBSQL_REPLICA_AUTH_TOKEN: "near" };
    cloudflare.create("spike-edge-dev", { ...SECRETS, ...optional });
    const { exitCode, output } = await run("npx wrangler deploy");
    expect(exitCode, output).toBe(0);

    expect(cloudflare.deployments.map(({ worker }) => worker)).toEqual(["spike-edge-dev"]);
    const [deployed] = cloudflare.deployments;
    expect(new Set(Object.values(deployed?.vars ?? {}))).toEqual(new Set([""]));
    expect(deployed?.secrets).toMatchObject(SECRETS);
    const upload = JSON.stringify(deployed);
    for (const value of ["127.0.0.1:8080", "dev-token", JSON.stringify(bundle).slice(1, -1)]) {
      expect(upload).not.toContain(value);
    }
  });

  it("fails without the secrets, so that nobody deploys it by mistake", { timeout }, async () => {
    cloudflare.create("spike-edge", SECRETS);
    const { exitCode, output } = await run("npx wrangler deploy");
    expect(exitCode).not.toBe(0);
    expect(output).toContain("SPIKE_ROOT_KEYS");
    expect(cloudflare.deployments).toEqual([]);
  });
});
