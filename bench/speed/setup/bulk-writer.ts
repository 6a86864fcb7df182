import { type Client, createClient, type InValue } from "@libsql/client";
import Database from "libsql";

/** One statement and its arguments, by position. */
export interface BulkStatement {
  readonly sql: string;
  readonly args: readonly unknown[];
}

/** Runs many statements quickly. */
export interface BulkWriter {
  write(statements: readonly BulkStatement[]): Promise<void>;
  close(): void;
}

/** Writes to a database file that is not being served. */
export function fileWriter(file: string): BulkWriter {
  const database = new Database(file);
  database.exec("PRAGMA synchronous = OFF");
  const prepared = new Map<string, Database.Statement>();
  return {
    async write(statements) {
      database.exec("BEGIN");
      for (const { sql, args } of statements) {
        const statement = prepared.get(sql) ?? database.prepare(sql);
        prepared.set(sql, statement);
        statement.run(args.map(toColumnValue));
      }
      database.exec("COMMIT");
      await Promise.resolve();
    },
    close() {
      database.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all([]);
      database.close();
    },
  };
}

/** Statements in one request. Servers limit the size of requests and the duration of transactions. */
const MAX_STATEMENTS = 500;

/** Writes through a server. */
export function serverWriter(url: string): BulkWriter {
  const client: Client = createClient({ url });
  return {
    async write(statements) {
      for (let start = 0; start < statements.length; start += MAX_STATEMENTS) {
        const batch = statements.slice(start, start + MAX_STATEMENTS).map(({ sql, args }) => ({
          sql,
          // The cells of rows, which the driver accepts.
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          args: args.map(toColumnValue) as InValue[],
        }));
        await client.batch(batch, "write");
      }
    },
    close() {
      client.close();
    },
  };
}

function toColumnValue(value: unknown): unknown {
  if (typeof value === "boolean") return Number(value);
  return value instanceof Uint8Array ? Buffer.from(value) : value;
}
