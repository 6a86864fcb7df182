import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PageEnvironment } from "../../tools/docs/check-page.ts";
import { cleanEnvironment } from "../../tools/docs/clean-environment.ts";
import { copyProject } from "../../tools/docs/copy-project.ts";
import { startService, type StartedService } from "../../tools/docs/start-service.ts";
import { startShell } from "../../tools/docs/shell-session.ts";
import { startDevDatabase } from "../../tools/dev-database/server.ts";
import { firstFreePort } from "../../tools/dev/free-ports.fixture.ts";
import { startWorker } from "../../tools/workerd/start-worker.ts";
import { type CloudflareApi, cloudflareApi } from "./cloudflare-api.ts";
import { testDomain } from "./identity.ts";
import { editProductionVars, readmeProductionLines } from "./production-vars.ts";

interface PageOptions {
  /** Whether the reader first runs the two commands that `npm run dev` prints. */
  readonly runsPrintedCommands: boolean;
  /** Whether the worker is already deployed, with its secrets. */
  readonly isDeployed: boolean;
}

/** Commands that concern the deployed worker, unless they name a local one. */
const DEPLOYMENT = /\bwrangler\b|\bnpm run (?:migrate|deploy)\b/;
const LOCAL = /127\.0\.0\.1|localhost|\.dev\b/;
const SECRET_PUT = /^npx wrangler secret put (\w+) --env production$/;
/** The name of the worker in `[env.production]`. */
const WORKER = "spike-edge";
const DATABASE_TOKEN = "sesame";
/** The input for `wrangler secret put`. */
const SECRETS: Readonly<Record<string, string>> = {
  SPIKE_ROOT_KEYS: `k1:${Buffer.alloc(32, 0x11).toString("base64url")}`,
  LIBSQL_AUTH_TOKEN: DATABASE_TOKEN,
};
const DEPLOY = /^(?:npm run deploy|npx wrangler deploy)\b(?!.*--dry-run)/;

/**
 * An environment for the examples of one page: a copy of the project with a shell, the service on free ports, an empty database
 * for the deployed worker, and a stand-in for the Cloudflare API.
 */
export async function createPageEnvironment({
  runsPrintedCommands,
  isDeployed,
}: PageOptions): Promise<PageEnvironment & { close(): Promise<void> }> {
  const copy = copyProject();
  const scratch = mkdtempSync(join(tmpdir(), "spike-edge-page-"));
  const [settings, commands] = [join(scratch, "settings"), join(scratch, "commands")];
  for (const folder of [settings, commands]) mkdirSync(folder);

  const database = await startDevDatabase({ file: join(scratch, "store.db"), authToken: DATABASE_TOKEN });
  const cloudflare = await cloudflareApi();
  if (isDeployed) cloudflare.create(WORKER, SECRETS);

  const port = await firstFreePort(4);
  const environment = cleanEnvironment(settings, process.env);
  const shell = startShell({ cwd: copy.folder, env: { ...environment, ...cloudflare.env }, scratch: commands });
  let service: StartedService | undefined;
  const fill = await createFill(port, database.url);
  editProductionVars(copy.folder, readmeProductionLines().map(fill));

  return {
    shell,
    fill,
    scripts: Object.keys(JSON.parse(readFileSync(join(copy.folder, "package.json"), "utf8")).scripts),
    programs: readdirSync(join(copy.folder, "node_modules/.bin")),
    async prepare(command, startCommand) {
      if (service !== undefined || (DEPLOYMENT.test(command) && !LOCAL.test(command))) return [];
      service = await startService(startCommand, {
        cwd: copy.folder,
        env: { ...environment, SPIKE_DEV_PORT: String(port), SPIKE_DEV_DB_PORT: String(port + 3) },
      });
      return runsPrintedCommands ? printedCommands(service.output) : [];
    },
    inputFor(command) {
      const name = SECRET_PUT.exec(command)?.[1];
      return name === undefined ? undefined : (SECRETS[name] ?? "");
    },
    async verify(command) {
      const name = SECRET_PUT.exec(command)?.[1];
      if (name !== undefined) return secretProblem(name, SECRETS[name], cloudflare);
      return DEPLOY.test(command)
        ? await deploymentProblem({ cloudflare, databaseUrl: database.url, scratch })
        : undefined;
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

/** Creates a function that replaces the example values of pages by real ones. */
async function createFill(port: number, databaseUrl: string): Promise<(text: string) => string> {
  const keys = JSON.stringify((await testDomain("example.org")).bundle).slice(1, -1);
  const ports = new Map([8787, 8788, 8789, 8080].map((shown, index) => [String(shown), String(port + index)]));
  return (text) =>
    text
      .replaceAll(/\b(?:8787|8788|8789|8080)\b/g, (shown) => ports.get(shown) ?? shown)
      .replaceAll("libsql://…", databaseUrl)
      .replaceAll("LIBSQL_AUTH_TOKEN=…", `LIBSQL_AUTH_TOKEN=${DATABASE_TOKEN}`)
      .replaceAll('"keys":[…]', keys);
}

/** The two `curl` commands that `npm run dev` prints. */
function printedCommands(output: string): readonly string[] {
  return output.match(/(?<=^ *)curl .*$/gm) ?? [];
}

function secretProblem(name: string, entered: string | undefined, cloudflare: CloudflareApi): string | undefined {
  if (entered === undefined) return `the test has no value for the secret ${name}`;
  return cloudflare.secretsOf(WORKER).get(name) === entered
    ? undefined
    : `the stored secret ${name} differs from the entered one`;
}

interface DeploymentCheck {
  readonly cloudflare: CloudflareApi;
  readonly databaseUrl: string;
  /** A folder for temporary files. */
  readonly scratch: string;
}

/** Starts the deployed worker and checks it. Returns the problem, if any. */
async function deploymentProblem({ cloudflare, databaseUrl, scratch }: DeploymentCheck): Promise<string | undefined> {
  const deployed = cloudflare.deployments.at(-1);
  if (deployed?.worker !== WORKER) return `the command deployed ${deployed?.worker ?? "nothing"} instead of ${WORKER}`;
  if (deployed.vars["LIBSQL_URL"] !== databaseUrl) {
    return `LIBSQL_URL was deployed as ${deployed.vars["LIBSQL_URL"]}`;
  }
  const folder = mkdtempSync(join(scratch, "deployed-"));
  writeFileSync(join(folder, "workerd.js"), deployed.script);
  const worker = await startWorker(folder, { ...deployed.vars, ...deployed.secrets });
  try {
    const response = await fetch(`${worker.url}/v1/store/secrets?action=list`, { method: "POST", body: "{}" });
    // 401 shows that the worker is configured: it rejects the request only because it has no identity.
    return response.status === 401 ? undefined : `the deployed worker answers ${response.status}\n${worker.output()}`;
  } finally {
    await worker.kill();
  }
}
