import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Surroundings } from "../../tools/docs/check-page.ts";
import { cleanEnvironment } from "../../tools/docs/clean-environment.ts";
import { copyProject } from "../../tools/docs/copy-project.ts";
import { startService, type StartedService } from "../../tools/docs/start-service.ts";
import { startShell } from "../../tools/docs/shell-session.ts";
import { startDevDatabase } from "../../tools/dev-database/server.ts";
import { firstFreePort } from "../../tools/dev/free-ports.fixture.ts";
import { startWorker } from "../../tools/workerd/start-worker.ts";
import { type CloudflareApi, cloudflareApi } from "./cloudflare-api.ts";
import { testDomain } from "./identity.ts";

export interface PageOptions {
  /** The two lines that `npm run dev` prints are pasted into the terminal before all else. */
  readonly isPasted: boolean;
  /** The worker is there already, with its secrets. */
  readonly isDeployed: boolean;
}

/** What has to do with the deployed worker, and not with one that runs here. */
const DEPLOYMENT = /\bwrangler\b|\bnpm run (?:migrate|deploy)\b/;
const HERE = /127\.0\.0\.1|localhost|\.dev\b/;
const SECRET_PUT = /^npx wrangler secret put (\w+)$/;
const DEPLOY = /^(?:npm run deploy|npx wrangler deploy)\b/;

/**
 * A machine for the examples of one page: a copy of the project, a shell in it, the service on free ports, an empty database
 * to deploy to, and a stand-in for Cloudflare.
 */
export async function pageSurroundings({
  isPasted,
  isDeployed,
}: PageOptions): Promise<Surroundings & { close(): Promise<void> }> {
  const copy = copyProject();
  const scratch = mkdtempSync(join(tmpdir(), "spike-edge-page-"));
  const [home, commands] = [join(scratch, "home"), join(scratch, "commands")];
  for (const folder of [home, commands]) mkdirSync(folder);

  const token = randomBytes(16).toString("hex");
  const secrets: Readonly<Record<string, string>> = {
    SPIKE_ROOT_KEYS: `k1:${Buffer.alloc(32, 0x11).toString("base64url")}`,
    LIBSQL_AUTH_TOKEN: token,
  };
  const database = await startDevDatabase({ file: join(scratch, "store.db"), authToken: token });
  const cloudflare = await cloudflareApi();
  if (isDeployed) cloudflare.create(secrets);

  const port = await firstFreePort(4);
  const environment = cleanEnvironment(home, process.env);
  const shell = startShell({ cwd: copy.folder, env: { ...environment, ...cloudflare.env }, scratch: commands });
  let service: StartedService | undefined;
  const fill = await filler({ port, databaseUrl: database.url, databaseToken: token });

  return {
    shell,
    fill,
    scripts: Object.keys(JSON.parse(readFileSync(join(copy.folder, "package.json"), "utf8")).scripts),
    programs: readdirSync(join(copy.folder, "node_modules/.bin")),
    async prepare(command, startedBy) {
      if (service !== undefined || (DEPLOYMENT.test(command) && !HERE.test(command))) return [];
      service = await startService(startedBy, {
        cwd: copy.folder,
        env: { ...environment, SPIKE_DEV_PORT: String(port), SPIKE_DEV_DB_PORT: String(port + 3) },
      });
      return isPasted ? printedLines(service.output) : [];
    },
    entered(command) {
      const name = SECRET_PUT.exec(command)?.[1];
      return name === undefined ? undefined : (secrets[name] ?? "");
    },
    async verify(command) {
      const name = SECRET_PUT.exec(command)?.[1];
      if (name !== undefined && (secrets[name] ?? "") !== cloudflare.secrets.get(name)) {
        return `the secret ${name} has not arrived as it was entered`;
      }
      return DEPLOY.test(command) ? await deploymentProblem(command, cloudflare, scratch) : undefined;
    },
    async close() {
      await shell.close();
      await service?.stop();
      await cloudflare.close();
      await database.close();
      copy.remove();
      rmSync(scratch, { recursive: true });
    },
  };
}

/** Puts this machine's values in the place of those that pages show. */
async function filler({
  port,
  databaseUrl,
  databaseToken,
}: {
  readonly port: number;
  readonly databaseUrl: string;
  readonly databaseToken: string;
}): Promise<(text: string) => string> {
  const keys = JSON.stringify((await testDomain("example.org")).bundle.keys);
  const ports = new Map([8787, 8788, 8789, 8080].map((shown, index) => [String(shown), String(port + index)]));
  return (text) =>
    text
      .replaceAll(/\b(?:8787|8788|8789|8080)\b/g, (shown) => ports.get(shown) ?? shown)
      .replaceAll("libsql://…", databaseUrl)
      .replaceAll("LIBSQL_AUTH_TOKEN=…", `LIBSQL_AUTH_TOKEN=${databaseToken}`)
      .replaceAll('"keys":[…]', `"keys":${keys}`)
      .replaceAll(String.raw`\"keys\":[…]`, String.raw`\"keys\":` + keys.replaceAll('"', String.raw`\"`));
}

/** The two lines to paste. */
function printedLines(output: string): readonly string[] {
  return output.match(/(?<=^ *)curl .*$/gm) ?? [];
}

/** What is not as it should be with the worker that a command has deployed: it has to run. */
async function deploymentProblem(
  command: string,
  cloudflare: CloudflareApi,
  scratch: string,
): Promise<string | undefined> {
  const deployed = cloudflare.deployments.at(-1);
  if (deployed === undefined) return "nothing has been deployed";
  const vars = [...command.matchAll(/--var "?(\w+):/g)].map(([, name = ""]) => name);
  const missing = vars.find((name) => deployed.vars[name] === undefined);
  if (missing !== undefined) return `the variable ${missing} has not arrived`;
  const folder = mkdtempSync(join(scratch, "deployed-"));
  writeFileSync(join(folder, "workerd.js"), deployed.script);
  const worker = await startWorker(folder, { ...deployed.vars, ...deployed.secrets });
  try {
    const response = await fetch(`${worker.url}/v1/store/secrets?action=list`, { method: "POST", body: "{}" });
    // It knows its settings, and nobody who asks.
    return response.status === 401 ? undefined : `what was deployed answers ${response.status}\n${worker.output()}`;
  } finally {
    await worker.kill();
  }
}
