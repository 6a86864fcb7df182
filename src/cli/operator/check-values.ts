import { createClient } from "@libsql/client/web";
import { CliError } from "../cli-error.ts";
import type { Surroundings } from "../surroundings.ts";

/** What the store knows of a key. */
export interface KnownKey {
  readonly keyId: string;
  /** Base64url. */
  readonly checkValue: string;
  /** Rows that depend on it; undefined where nobody counted. */
  readonly rows: number | undefined;
}

const COUNTED = `SELECT k.key_id, k.check_value, (SELECT count(*) FROM secrets WHERE key_id = k.key_id)
  + (SELECT count(*) FROM policies WHERE key_id = k.key_id) + (SELECT count(*) FROM trust_bundles WHERE key_id = k.key_id) AS n
  FROM keys k ORDER BY k.key_id`;

/** Check values as `operator status --json` shows them, `ID:BASE64URL` each. @throws CliError */
export function parseChecks(checks: readonly string[]): readonly KnownKey[] {
  return checks.map((check) => {
    const [keyId = "", checkValue = ""] = check.split(":");
    if (keyId === "" || !/^[\w-]{43}$/.test(checkValue)) {
      throw new CliError(
        `Cannot restore a root key: --check takes ID:VALUE, with the checkValue of "operator status --json"`,
        2,
      );
    }
    return { keyId, checkValue, rows: undefined };
  });
}

/** Those that the database has. The service itself has no key now, and answers nothing. @throws CliError */
export async function readChecks(surroundings: Surroundings): Promise<readonly KnownKey[]> {
  const url = surroundings.env["LIBSQL_URL"];
  const authToken = surroundings.env["LIBSQL_AUTH_TOKEN"];
  if (url === undefined) {
    throw new CliError(
      "Cannot restore a root key: there is nothing to check it against. Name the database by LIBSQL_URL and LIBSQL_AUTH_TOKEN, or a check value by --check",
      2,
    );
  }
  try {
    const client = createClient({ url, ...(authToken !== undefined && { authToken }) });
    const { rows } = await client.execute(COUNTED);
    client.close();
    return rows.map((row) => ({
      keyId: typeof row["key_id"] === "string" ? row["key_id"] : "",
      checkValue: row["check_value"] instanceof ArrayBuffer ? toBase64url(new Uint8Array(row["check_value"])) : "",
      rows: Number(row["n"]),
    }));
  } catch {
    throw new CliError(
      "Cannot restore a root key: the database that LIBSQL_URL names gives no check values. Are URL and token right?",
    );
  }
}

export function toBase64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}
