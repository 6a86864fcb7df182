import type { Operation, Request } from "../history/history.ts";

/** Sends one request to a worker. */
export type Execute = (request: Request, worker: number) => Promise<Operation>;

/**
 * Reads a path's metadata and each of its versions through one worker, and the current version through another.
 *
 * @returns whether each request got an answer that proves something: the data, or that the path does not exist
 */
export async function readBack(
  execute: Execute,
  path: string,
  { worker, otherWorker }: { readonly worker: number; readonly otherWorker: number },
): Promise<boolean> {
  const { exchanges } = await execute({ kind: "metadata", path }, worker);
  const current = await execute({ kind: "get", path, number: 0 }, otherWorker);
  const isAnswered = [...exchanges, ...current.exchanges].every(({ status }) => status === 200 || status === 404);
  const result = exchanges.at(-1)?.result;
  if (result?.kind !== "metadata") return isAnswered;
  const numbers = result.versions.map(({ number }) => number);
  // If there is a number below the lowest, its version must be gone.
  const pruned = (numbers[0] ?? 1) - 1;
  for (const number of pruned > 0 ? [pruned, ...numbers] : numbers) {
    await execute({ kind: "get", path, number }, worker);
  }
  return isAnswered;
}
