import type { Client } from "@libsql/client";

/** Everything in a database, as bytes: the schema and all cells of all tables. What its file contains, for servers without one. */
export async function dumpDatabase(client: Client): Promise<Buffer> {
  const { rows: objects } = await client.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'");
  const parts: Uint8Array[] = objects.map(({ sql }) => toBytes(sql));
  for (const { name } of objects) {
    if (typeof name !== "string" || name.startsWith("sqlite_")) continue;
    const { rows } = await client.execute(`SELECT * FROM "${name}"`);
    for (const row of rows) parts.push(...Object.values(row).map(toBytes));
  }
  return Buffer.concat(parts);
}

function toBytes(cell: unknown): Uint8Array {
  return cell instanceof ArrayBuffer ? new Uint8Array(cell) : Buffer.from(`${String(cell)}\n`);
}
