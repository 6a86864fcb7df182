import { createClient, type Row } from "@libsql/client";
import type { AuditEntry } from "./history/history.ts";

const PAGE_SIZE = 20_000;

/** Reads the audit entries directly from the database, without the service. */
export async function readAuditLog(databaseUrl: string): Promise<readonly AuditEntry[]> {
  const client = createClient({ url: databaseUrl });
  try {
    const entries: AuditEntry[] = [];
    for (;;) {
      const { rows } = await client.execute({
        sql: `SELECT revision, action, resource, write_id, trace_id, spiffe_id, at, worker_at, outcome
          FROM audit WHERE revision > ? ORDER BY revision LIMIT ${PAGE_SIZE}`,
        args: [entries.at(-1)?.revision ?? 0],
      });
      entries.push(...rows.map(toEntry));
      if (rows.length < PAGE_SIZE) return entries;
    }
  } finally {
    client.close();
  }
}

function toEntry(row: Row): AuditEntry {
  const action = text(row, "action");
  if (!isAction(action)) throw new Error(`Cannot read the audit log: unknown action "${action}"`);
  const outcome: unknown = JSON.parse(text(row, "outcome"));
  const version: unknown =
    typeof outcome === "object" && outcome !== null ? Reflect.get(outcome, "version") : undefined;
  return {
    revision: Number(row["revision"]),
    action,
    resource: text(row, "resource"),
    writeId: text(row, "write_id"),
    trace: text(row, "trace_id"),
    caller: new URL(text(row, "spiffe_id")).pathname,
    at: Number(row["at"]),
    workerAt: Number(row["worker_at"]),
    ...(typeof version === "number" && { version }),
  };
}

const ACTIONS: readonly string[] = ["put", "delete", "undelete", "remove", "prune"] satisfies AuditEntry["action"][];

function isAction(action: string): action is AuditEntry["action"] {
  return ACTIONS.includes(action);
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`Cannot read the audit log: column "${column}" is not text`);
  return value;
}
