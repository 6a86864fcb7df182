import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Entry, History, Operation } from "./history.ts";

/** Keeps a history: a line with what holds for all of it, then a line an operation, then a line an audit entry. */
export async function writeHistory(file: string, { origin, kept, operations, log }: History): Promise<void> {
  const out = createWriteStream(file);
  const lines = function* (): Generator<object> {
    yield { kept, ...(origin !== undefined && { origin }) };
    for (const operation of operations) yield { operation };
    for (const entry of log) yield { entry };
  };
  for (const line of lines()) if (!out.write(`${oneLine(line)}\n`)) await once(out, "drain");
  out.end();
  await once(out, "finish");
}

/** Reads back what {@link writeHistory} has kept. */
export async function readHistory(file: string): Promise<History> {
  let head: { readonly kept: number; readonly origin?: number } = { kept: 0 };
  const operations: Operation[] = [];
  const log: Entry[] = [];
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const line = JSON.parse(text) as { kept?: number; origin?: number; operation?: Operation; entry?: Entry };
    const { kept, origin } = line;
    if (kept !== undefined) head = { kept, ...(origin !== undefined && { origin }) };
    if (line.operation !== undefined) operations.push(line.operation);
    if (line.entry !== undefined) log.push(line.entry);
  }
  return { ...head, operations, log };
}

/** JSON without those two characters that JSON leaves as they are and readers of lines take for an end. */
function oneLine(value: object): string {
  return JSON.stringify(value)
    .replaceAll("\u2028", String.raw`\u2028`)
    .replaceAll("\u2029", String.raw`\u2029`);
}
