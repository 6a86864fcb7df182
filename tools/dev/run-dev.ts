import { formatEnvFile } from "./env-file.ts";
import type { DevOptions } from "./options.ts";
import { requireFreePorts } from "./ports.ts";
import { withPreparedDev } from "./prepare.ts";
import { replacePrivateFile } from "./private-file.ts";
import { runWorkers } from "./run-workers.ts";
import { devSummary } from "./summary.ts";
import { withDatabase } from "./with-database.ts";

/** Runs the database and the workers until `stop` aborts. @throws CommandError */
export async function runDev(options: DevOptions, stop: AbortSignal): Promise<void> {
  const { workerPorts } = options;
  await requireFreePorts(workerPorts, "worker");
  await withPreparedDev(options, process.env, async (prepared) => {
    const { folder, token } = prepared;
    await withDatabase(prepared, async (settings) => {
      await replacePrivateFile(folder.workerSettings, formatEnvFile(settings));
      if (stop.aborted) return;
      console.log(`Starting ${workerPorts.length === 1 ? "a worker" : `${workerPorts.length} workers`} ...`);
      const onReady = (): void => console.log(devSummary(options, folder));
      await runWorkers({ ports: workerPorts, folder, token, onReady }, stop);
    });
  });
}
