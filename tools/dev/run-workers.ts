import { once } from "node:events";
import { join } from "node:path";
import { CommandError } from "../command/command-error.ts";
import { awaitAnswer } from "./await-answer.ts";
import { isWorthShowing } from "./is-worth-showing.ts";
import { startWorker, type Worker } from "./worker.ts";
import type { WorkerSettings } from "./worker-settings.ts";

export interface WorkersOptions {
  readonly ports: readonly number[];
  readonly settings: WorkerSettings;
  /** A folder for all workers' own files. */
  readonly stateDir: string;
  /** A superuser's, to see whether they answer. */
  readonly token: string;
  readonly onReady: () => void;
}

const READY_SECONDS = 60;

/**
 * Runs the workers until `stop` aborts. None of their processes is left when this is settled.
 *
 * @throws CommandError with exit code 1 if one of them does not come to answer, or does not stay
 */
export async function runWorkers({ ports, ...options }: WorkersOptions, stop: AbortSignal): Promise<void> {
  const ready = new AbortController();
  const workers = ports.map((port, index) => {
    const prefix = ports.length === 1 ? "" : `[${port}] `;
    return startWorker(
      {
        port,
        settings: options.settings,
        stateDir: join(options.stateDir, String(index + 1)),
        onLine: (line, stream) => {
          const isShown = !stop.aborted && isWorthShowing(line, { stream, isReady: ready.signal.aborted });
          if (isShown) process[stream].write(`${prefix}${line}\n`);
        },
      },
      process.env,
    );
  });
  try {
    await Promise.all(workers.map(async (worker) => await requireAnswer(worker, options.token, stop)));
    if (stop.aborted) return;
    ready.abort();
    options.onReady();
    await requirePresence(workers, stop);
  } finally {
    await Promise.all(workers.map(async (worker) => await worker.stop()));
  }
}

async function requireAnswer(worker: Worker, token: string, stop: AbortSignal): Promise<void> {
  const signal = AbortSignal.any([stop, worker.lost, AbortSignal.timeout(READY_SECONDS * 1000)]);
  if ((await awaitAnswer(worker.port, token, signal)) || stop.aborted) return;
  throw failure(
    worker,
    worker.lost.aborted ? "its runtime ended by itself" : `it gave no answer in ${READY_SECONDS} seconds`,
  );
}

async function requirePresence(workers: readonly Worker[], stop: AbortSignal): Promise<void> {
  const end = AbortSignal.any([stop, ...workers.map(({ lost }) => lost)]);
  if (!end.aborted) await once(end, "abort");
  const missing = workers.find(({ lost }) => lost.aborted);
  if (missing !== undefined && !stop.aborted) throw failure(missing, "its runtime ended by itself");
}

function failure(worker: Worker, why: string): CommandError {
  const lines = worker.lastLines().map((line) => `  ${line}`);
  const output = lines.length === 0 ? "It wrote nothing" : ["Its last output:", ...lines].join("\n");
  return new CommandError(`Cannot run the worker on port ${worker.port}: ${why}\n${output}`, { exitCode: 1 });
}
