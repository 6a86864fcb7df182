import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { AuditEntry, Operation } from "./history.ts";
import { checkFile } from "../verify.ts";
import { readHistory, writeHistory } from "./history-file.ts";

it("reads the history that was written", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-history-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const operations = Array.from({ length: 2000 }, (_, id): Operation => ({
    id,
    client: 1,
    caller: "red",
    request: { kind: "put", path: "a\u2028/ü", value: `${id}` },
    exchanges: [{ invokedAt: id, completedAt: id + 0.25, worker: 0, trace: "t", status: 200 }],
  }));
  const entry: AuditEntry = { revision: 1, action: "put", resource: "r", writeId: "w", trace: "t", caller: "c", at: 1 };
  const history = { maxVersions: 10, timeOrigin: 5, operations, auditLog: [entry] };
  const file = join(folder, "history.jsonl");
  await writeHistory(file, history);
  expect(await readHistory(file)).toEqual(history);
});

it.each([
  ["is empty", () => ""],
  ["ends early", (text: string) => text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1)],
  ["lacks an operation", (text: string) => text.replace(/^\{"operation".*\n/m, "")],
  ["has no header", (text: string) => text.slice(text.indexOf("\n") + 1)],
])("refuses a history that %s (Q50)", async (_, change) => {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-history-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "history.jsonl");
  const entry: AuditEntry = { revision: 1, action: "put", resource: "r", writeId: "w", trace: "t", caller: "c", at: 1 };
  const operation: Operation = {
    id: 0,
    client: 1,
    caller: "red",
    request: { kind: "list", prefix: "" },
    exchanges: [],
  };
  await writeHistory(file, { maxVersions: 10, operations: [operation], auditLog: [entry] });
  writeFileSync(file, change(readFileSync(file, "utf8")));
  await expect(readHistory(file)).rejects.toThrow(/it is not a complete history/);
  await expect(checkFile(file, () => undefined)).rejects.toThrow(/it is not a complete history/);
});

it("refuses to pass a complete history in which there was nothing to check (Q50)", async () => {
  const folder = mkdtempSync(join(tmpdir(), "spike-edge-history-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "history.jsonl");
  await writeHistory(file, { maxVersions: 10, operations: [], auditLog: [] });
  const lines: string[] = [];
  await expect(checkFile(file, (line) => lines.push(line))).rejects.toThrow(/proves too little/);
  expect(lines.join("\n")).toContain('Nothing was checked of the kind "value"');
});
