import { createClient } from "@libsql/client";

/** A column of the store row. */
export async function readStore(
  { url, authToken }: { readonly url: string; readonly authToken: string },
  column: "store_id" | "revision",
): Promise<string | number> {
  const client = createClient({ url, authToken });
  try {
    const { rows } = await client.execute(`SELECT ${column} FROM store`);
    const value = rows[0]?.[column];
    if (typeof value !== "string" && typeof value !== "number") {
      throw new TypeError(`Cannot read ${column} of the store: its row is missing`);
    }
    return value;
  } finally {
    client.close();
  }
}
