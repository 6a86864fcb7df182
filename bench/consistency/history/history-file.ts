import { createReadStream, createWriteStream } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { CommandError } from "../../../tools/command/command-error.ts";
import type { AuditEntry, History, Operation } from "./history.ts";

type Header = Omit<History, "operations" | "auditLog"> & {
  readonly lengths: { readonly operations: number; readonly auditLog: number };
};

/** Writes a history as JSON lines: a header, then one line per operation, then one line per audit entry. */
export async function writeHistory(file: string, history: History): Promise<void> {
  const { operations, auditLog, ...facts } = history;
  const header: Header = { ...facts, lengths: { operations: operations.length, auditLog: auditLog.length } };
  const out = createWriteStream(file);
  const lines = function* (): Generator<object> {
    yield header;
    for (const operation of operations) yield { operation };
    for (const entry of auditLog) yield { entry };
  };
  for (const line of lines()) if (!out.write(`${toJsonLine(line)}\n`)) await once(out, "drain");
  out.end();
  await once(out, "finish");
}

/** Reads a file that {@link writeHistory} wrote. @throws CommandError if it is not complete */
export async function readHistory(file: string): Promise<History> {
  let header: Header | undefined;
  const operations: Operation[] = [];
  const auditLog: AuditEntry[] = [];
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const line = JSON.parse(text) as Header | { operation: Operation } | { entry: AuditEntry };
    if ("operation" in line) operations.push(line.operation);
    else if ("entry" in line) auditLog.push(line.entry);
    else header = line;
  }
  const { lengths, ...facts } = header ?? incomplete(file);
  if (lengths.operations !== operations.length || lengths.auditLog !== auditLog.length) return incomplete(file);
  return { ...facts, operations, auditLog };
}

function incomplete(file: string): never {
  throw new CommandError(`Cannot check "${file}": it is not a complete history`, { exitCode: 2 });
}

/** JSON on one line: JSON leaves U+2028 and U+2029 unescaped, and `readline` splits lines at them. */
function toJsonLine(value: object): string {
  return JSON.stringify(value)
    .replaceAll("\u2028", String.raw`\u2028`)
    .replaceAll("\u2029", String.raw`\u2029`);
}
