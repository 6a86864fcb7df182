import { createClient } from "@libsql/client/web";
import { encodeBase64url } from "../../encoding/base64.ts";
import { readDatabase } from "../../runtime/database.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";

/** A root key that the store has registered. */
export interface RegisteredKey {
  readonly keyId: string;
  /** Base64url. */
  readonly checkValue: string;
  /** Number of rows that depend on the key, including the store row. Undefined if unknown. */
  readonly rows: number | undefined;
}

const KEYS_WITH_ROW_COUNTS = `SELECT k.key_id, k.check_value, (SELECT count(*) FROM secrets WHERE key_id = k.key_id)
  + (SELECT count(*) FROM policies WHERE key_id = k.key_id) + (SELECT count(*) FROM trust_bundles WHERE key_id = k.key_id)
  + (SELECT count(*) FROM store WHERE key_id = k.key_id) AS n
  FROM keys k ORDER BY k.key_id`;

/** Parses check values in the form `ID:BASE64URL`. @throws CliError */
export function parseCheckValues(checks: readonly string[]): readonly RegisteredKey[] {
  return checks.map((check) => {
    const [keyId = "", checkValue = ""] = check.split(":");
    if (keyId === "" || !/^[\w-]{43}$/.test(checkValue)) {
      throw new CliError(
        `Cannot restore a root key: --check must be ID:VALUE, with the checkValue of "operator status --json".`,
        2,
      );
    }
    return { keyId, checkValue, rows: undefined };
  });
}

/** Loads the check values from the database. Without a root key, the service itself cannot return them. @throws CliError */
export async function loadCheckValues({ env }: CliIo): Promise<readonly RegisteredKey[]> {
  const database = readDatabase(env);
  if (!database.ok) {
    throw new CliError(
      `Cannot restore a root key: no check value to verify it with: ${database.problems.join("; ")}. Set LIBSQL_URL and LIBSQL_AUTH_TOKEN, or pass --check.`,
      2,
    );
  }
  const { url, authToken } = database.value;
  try {
    const client = createClient({ url, ...(authToken !== undefined && { authToken }) });
    const { rows } = await client.execute(KEYS_WITH_ROW_COUNTS);
    client.close();
    return rows.map((row) => ({
      keyId: typeof row["key_id"] === "string" ? row["key_id"] : "",
      checkValue: row["check_value"] instanceof ArrayBuffer ? encodeBase64url(new Uint8Array(row["check_value"])) : "",
      rows: Number(row["n"]),
    }));
  } catch {
    throw new CliError(
      "Cannot restore a root key: the check values cannot be read from the database at LIBSQL_URL. Check its URL and token.",
    );
  }
}
