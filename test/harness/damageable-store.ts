import { libsqlStore } from "../../src/store/libsql/libsql-store.ts";
import { emptyState, memoryStore } from "../../src/store/memory/memory-store.ts";
import type { AuditRow, SecretRow, VersionRow } from "../../src/store/rows.ts";
import type { BulkStore } from "../../src/store/store.ts";
import { fileDatabase } from "./file-database.ts";

/** The stored rows of one secret. */
export interface SecretRows {
  readonly head: SecretRow | undefined;
  readonly versions: readonly VersionRow[];
  /** Its audit entries, by ascending revision. */
  readonly entries: readonly AuditRow[];
}

/** A store whose rows a test can change behind its back. */
export interface DamageableStore {
  readonly store: BulkStore;
  read(path: string): Promise<SecretRows>;
  /** Replaces the stored rows of one secret. */
  write(path: string, rows: SecretRows): Promise<void>;
  close(): void;
}

export function damageableMemoryStore(): DamageableStore {
  const state = emptyState("s");
  const isOf = (path: string) => (entry: AuditRow) => entry.resource === `secret:${path}`;
  return {
    store: memoryStore({ storeId: "s", now: Date.now, state }),
    async read(path) {
      const found = state.secrets.get(path);
      return { head: found?.head, versions: found?.versions ?? [], entries: state.audit.filter(isOf(path)) };
    },
    async write(path, { head, versions, entries }) {
      if (head === undefined && versions.length > 0)
        throw new TypeError("Cannot store versions without a head in memory");
      state.secrets.delete(path);
      if (head !== undefined) state.secrets.set(path, { head, versions });
      const others = state.audit.filter((entry) => !isOf(path)(entry));
      state.audit = [...others, ...entries].toSorted((a, b) => a.revision - b.revision);
    },
    close: () => undefined,
  };
}

export async function damageableLibsqlStore(): Promise<DamageableStore> {
  const database = await fileDatabase();
  const { client, execute } = database;
  const rowsOf = async (sql: string, path: string): Promise<readonly Record<string, unknown>[]> => {
    const { rows, columns } = await client.execute({ sql, args: [path] });
    return rows.map((row) =>
      Object.fromEntries(columns.map((name, index) => [toCamelCase(name), fromCell(row[index])] as const)),
    );
  };
  const insert = async (table: string, row: object): Promise<void> => {
    const names = Object.keys(row).map(toSnakeCase);
    const places = names.map(() => "?").join(", ");
    const args = Object.values(row).map((cell) => (typeof cell === "boolean" ? Number(cell) : cell));
    await client.execute({ sql: `INSERT INTO ${table} (${names.join(", ")}) VALUES (${places})`, args });
  };
  const parts = { secrets: "path = ?", secret_versions: "path = ?", audit: "resource = 'secret:' || ?" } as const;
  return {
    store: libsqlStore(execute),
    async read(path) {
      const [head] = await rowsOf(`SELECT * FROM secrets WHERE ${parts.secrets}`, path);
      const versions = await rowsOf(
        `SELECT * FROM secret_versions WHERE ${parts.secret_versions} ORDER BY number`,
        path,
      );
      const entries = await rowsOf(`SELECT * FROM audit WHERE ${parts.audit} ORDER BY revision`, path);
      return { head, versions, entries } as unknown as SecretRows;
    },
    async write(path, { head, versions, entries }) {
      for (const [table, where] of Object.entries(parts)) {
        await client.execute({ sql: `DELETE FROM ${table} WHERE ${where}`, args: [path] });
      }
      if (head !== undefined) await insert("secrets", head);
      for (const version of versions) await insert("secret_versions", version);
      for (const entry of entries) await insert("audit", entry);
    },
    close: () => database.close(),
  };
}

const fromCell = (cell: unknown): unknown => (cell instanceof ArrayBuffer ? new Uint8Array(cell) : cell);

const toCamelCase = (name: string): string => name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

const toSnakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
