import { eq, getTableColumns, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { HeartbeatRow } from "../../rows.ts";
import type { Heartbeat } from "../../store.ts";
import { audit, heartbeat } from "../schema.ts";
import { orNull, readHex, readVerifiable } from "./cell-readers.ts";
import { jsonColumn } from "./column.ts";
import { one, row } from "./json.ts";
import { type Asked, partOf } from "./part.ts";

const beat = alias(heartbeat, "b");
const entry = alias(audit, "a");

const { id: _, ...columns } = getTableColumns(beat);

/** The heartbeat, and the MAC of the audit entry that it names. */
export const heartbeatPart = partOf(
  {
    row: jsonColumn<HeartbeatRow | undefined>(
      one(row(columns, readVerifiable), (select) => select.from(beat).where(eq(beat.id, sql`1`))),
    ),
    entryMac: jsonColumn({
      sql: sql`(select '"' || hex(${entry.mac}) || '"' from ${heartbeat} b cross join ${audit} a on ${entry.revision} = ${beat.revision})`,
      read: orNull(readHex),
    }),
  },
  (_asked: Asked<"heartbeat">) => ({}),
  (found): Heartbeat => found,
);
