import type Database from "libsql";

/** Inserts rows whose members are named like the columns, in the manner of JavaScript. */
export function insertInto(database: Database.Database, table: string): (row: object) => void {
  let statement: Database.Statement | undefined;
  return (row) => {
    const entries = Object.entries(row);
    const columns = entries.map(([key]) => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    statement ??= database.prepare(
      `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
    );
    statement.run(entries.map(([, value]) => column(value)));
  };
}

function column(value: unknown): unknown {
  if (typeof value === "boolean") return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
