import type { Operation, Request } from "../history/history.ts";

/** Asks for something once, through that worker. */
export type Ask = (request: Request, worker: number) => Promise<Operation>;

/** Reads what is left of a path: its metadata and each version by number through `worker`, its current one through `other`. */
export async function readPath(
  ask: Ask,
  path: string,
  { worker, other }: { readonly worker: number; readonly other: number },
): Promise<void> {
  const { attempts } = await ask({ kind: "metadata", path }, worker);
  await ask({ kind: "get", path, number: 0 }, other);
  const answer = attempts.at(-1)?.answer;
  if (answer?.kind !== "metadata") return;
  const numbers = answer.versions.map(({ number }) => number);
  // The one below the lowest should be gone, if there was ever one.
  const below = (numbers[0] ?? 1) - 1;
  for (const number of below > 0 ? [below, ...numbers] : numbers) await ask({ kind: "get", path, number }, worker);
}
