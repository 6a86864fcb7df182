import { once } from "node:events";
import { join } from "node:path";
import { CommandError } from "../command/command-error.ts";
import type { DevFolder } from "./dev-folder.ts";
import { shouldShow } from "./should-show.ts";
import { waitUntilServing } from "./wait-until-serving.ts";
import { startWorker, type Worker } from "./worker.ts";

export interface WorkersOptions {
  readonly ports: readonly number[];
  /** Holds the workers' settings. */
  readonly folder: DevFolder;
  /** A superuser's token for the first request. */
  readonly token: string;
  readonly onReady: () => void;
}

const READY_SECONDS = 60;

/**
 * Runs the workers until `stop` aborts. All of their processes have ended when the promise settles.
 *
 * @throws CommandError with exit code 1 if a worker does not start to serve, or stops serving
 */
export async function runWorkers({ ports, folder, token, onReady }: WorkersOptions, stop: AbortSignal): Promise<void> {
  const ready = new AbortController();
  const workers = ports.map((port, index) => {
    const prefix = ports.length === 1 ? "" : `[${port}] `;
    return startWorker(
      {
        port,
        envFile: folder.workerSettings,
        stateDir: join(folder.workers, String(index + 1)),
        onLine: (line, stream) => {
          const isShown = !stop.aborted && shouldShow(line, { stream, isReady: ready.signal.aborted });
          if (isShown) process[stream].write(`${prefix}${line}\n`);
        },
      },
      process.env,
    );
  });
  try {
    await Promise.all(workers.map(async (worker) => await requireServing(worker, token, stop)));
    if (stop.aborted) return;
    ready.abort();
    onReady();
    await requireRunning(workers, stop);
  } finally {
    await Promise.all(workers.map(async (worker) => await worker.stop()));
  }
}

async function requireServing(worker: Worker, token: string, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, worker.lost, AbortSignal.timeout(READY_SECONDS * 1000)]);
  if ((await waitUntilServing(worker.port, token, signal)) || stop.aborted) return;
  throw failure(
    worker,
    worker.lost.aborted ? "its runtime ended unexpectedly" : `it did not answer within ${READY_SECONDS} seconds`,
  );
}

async function requireRunning(workers: readonly Worker[], stop: AbortSignal): Promise<void> {
  const end = AbortSignal.any([stop, ...workers.map(({ lost }) => lost)]);
  if (!end.aborted) await once(end, "abort");
  const missing = workers.find(({ lost }) => lost.aborted);
  if (missing !== undefined && !stop.aborted) throw failure(missing, "its runtime ended unexpectedly");
}

function failure(worker: Worker, why: string): CommandError {
  const lines = worker.lastLines().map((line) => `  ${line}`);
  const output = lines.length === 0 ? "It printed nothing" : ["Its last output:", ...lines].join("\n");
  return new CommandError(`Cannot run the worker on port ${worker.port}: ${why}\n${output}`, { exitCode: 1 });
}
