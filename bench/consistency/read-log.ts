import { createClient, type Row } from "@libsql/client";
import type { Entry } from "./history/history.ts";

const PAGE = 20_000;

/** Reads the stored audit entries as they are, past the service. */
export async function readLog(url: string): Promise<readonly Entry[]> {
  const client = createClient({ url });
  try {
    const entries: Entry[] = [];
    for (let after = 0; ; after = entries.at(-1)?.revision ?? after) {
      const { rows } = await client.execute({
        sql: `SELECT revision, action, resource, write_id, trace_id, spiffe_id, at, outcome
          FROM audit WHERE revision > ? ORDER BY revision LIMIT ${PAGE}`,
        args: [after],
      });
      entries.push(...rows.map(toEntry));
      if (rows.length < PAGE) return entries;
    }
  } finally {
    client.close();
  }
}

function toEntry(row: Row): Entry {
  const action = text(row, "action");
  if (action !== "put" && action !== "delete" && action !== "undelete" && action !== "remove") {
    throw new Error(`Cannot read the audit: "${action}" is no action of this run`);
  }
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
    ...(typeof version === "number" && { version }),
  };
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw new Error(`Cannot read the audit: "${column}" is no text`);
  return value;
}
