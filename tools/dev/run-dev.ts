import { applyMigrations } from "../migrate/apply-migrations.ts";
import { startDevDatabase } from "../dev-database/server.ts";
import { devFolder, prepareDevFolder } from "./dev-folder.ts";
import { DEV_AUDIENCE, DEV_SUPERUSER, establishIdentity } from "./identity.ts";
import type { DevOptions } from "./options.ts";
import { requireFreePorts } from "./ports.ts";
import { replacePrivateFile } from "./private-file.ts";
import { runWorkers } from "./run-workers.ts";
import { establishSecrets } from "./secrets.ts";
import { summary } from "./summary.ts";
import { workerSettings } from "./worker-settings.ts";

const TOKEN_TTL_SECONDS = 12 * 60 * 60;

/** Runs database and workers until `stop` aborts. @throws CommandError */
export async function runDev(options: DevOptions, stop: AbortSignal): Promise<void> {
  const { workerPorts, databasePort } = options;
  await requireFreePorts(workerPorts, "worker");
  await requireFreePorts([databasePort], "database");
  const folder = devFolder(options.dir);
  await prepareDevFolder(folder);
  const identity = await establishIdentity(folder);
  const secrets = await establishSecrets(folder);
  const databaseUrl = `http://127.0.0.1:${databasePort}`;
  const settings = workerSettings({ databaseUrl, bundle: identity.bundle, secrets }, process.env);
  const token = await identity.mint(DEV_SUPERUSER, { aud: DEV_AUDIENCE, ttlSeconds: TOKEN_TTL_SECONDS });
  await replacePrivateFile(folder.superuserToken, `${token}\n`);

  const authToken = secrets.databaseToken;
  const database = await startDevDatabase({ file: folder.database, port: databasePort, authToken });
  try {
    await applyMigrations({ url: database.url, authToken });
    if (stop.aborted) return;
    console.log(`Starting ${workerPorts.length === 1 ? "a worker" : `${workerPorts.length} workers`} ...`);
    const onReady = (): void => console.log(summary(options, folder));
    await runWorkers({ ports: workerPorts, settings, stateDir: folder.workers, token, onReady }, stop);
  } finally {
    await database.close();
  }
}
