import type { Operation, Request } from "../history/history.ts";

/** Sends one request to a worker. */
export type Execute = (request: Request, worker: number) => Promise<Operation>;

/** Reads a path's metadata and each of its versions through one worker, and the current version through another. */
export async function readBack(
  execute: Execute,
  path: string,
  { worker, otherWorker }: { readonly worker: number; readonly otherWorker: number },
): Promise<void> {
  const { exchanges } = await execute({ kind: "metadata", path }, worker);
  await execute({ kind: "get", path, number: 0 }, otherWorker);
  const result = exchanges.at(-1)?.result;
  if (result?.kind !== "metadata") return;
  const numbers = result.versions.map(({ number }) => number);
  // If there is a number below the lowest, its version must be gone.
  const pruned = (numbers[0] ?? 1) - 1;
  for (const number of pruned > 0 ? [pruned, ...numbers] : numbers) {
    await execute({ kind: "get", path, number }, worker);
  }
}
