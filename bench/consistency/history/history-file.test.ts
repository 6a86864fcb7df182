import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import type { AuditEntry, Operation } from "./history.ts";
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
