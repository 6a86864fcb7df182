import { createClient, type InValue, type Row } from "@libsql/client";

/** What a policy commit writes. */
export interface PolicyCommit {
  readonly policy: StoredRow;
  readonly entry: StoredRow;
  /** All nodes of the authority trie. */
  readonly nodes: readonly StoredRow[];
}

/** A row's values by column. */
export type StoredRow = ReadonlyMap<string, InValue>;

interface Step {
  readonly stmt: { readonly sql?: string; readonly sql_id?: number };
}

interface Pipeline {
  readonly requests: readonly { readonly type: string; readonly batch?: { readonly steps: readonly Step[] } }[];
}

interface Cell {
  readonly type: string;
  readonly value?: string;
  readonly base64?: string;
}

interface StepResult {
  readonly cols: readonly { readonly name: string }[];
  readonly rows: readonly (readonly Cell[])[];
}

const SELECTS = [
  "SELECT * FROM policies ORDER BY version DESC LIMIT 1",
  "SELECT * FROM audit ORDER BY revision DESC LIMIT 1",
  "SELECT * FROM authority",
] as const;

/**
 * Runs a commit that was not answered, reads the rows that it wrote, and rolls it back. So a database that applies it later does not
 * depend on the statements, nor on their conditions.
 *
 * @param body the request to the database
 */
export async function peekCommit(databaseUrl: string, body: string): Promise<PolicyCommit> {
  const { requests } = JSON.parse(body) as Pipeline;
  const changed = requests.map((request) => {
    if (request.batch === undefined) return request;
    const commit = request.batch.steps.findIndex(({ stmt }) => stmt.sql === "COMMIT");
    const steps = [
      ...request.batch.steps.slice(0, commit),
      ...[...SELECTS, "ROLLBACK"].map((sql) => ({ stmt: { sql } })),
    ];
    return { ...request, batch: { steps } };
  });
  const response = await fetch(new URL("/v2/pipeline", databaseUrl), {
    method: "POST",
    body: JSON.stringify({ baton: null, requests: changed }),
  });
  const text = await response.text();
  const { results = [] } = JSON.parse(text) as {
    results?: { response?: { result?: { step_results?: StepResult[] } } }[];
  };
  const steps = results.map(({ response: each }) => each?.result?.step_results).find((each) => each !== undefined);
  const [policy, entry, nodes] = (steps ?? []).slice(-SELECTS.length - 1).map(toRows);
  if (policy?.[0] === undefined || entry?.[0] === undefined || nodes === undefined) {
    throw new Error(`Cannot read the rows of a commit: ${text}`);
  }
  return { policy: policy[0], entry: entry[0], nodes };
}

function toRows({ cols, rows }: StepResult): readonly StoredRow[] {
  return rows.map((row) => new Map(row.map((cell, index) => [cols[index]?.name ?? "", toValue(cell)])));
}

function toValue({ type, value, base64 = "" }: Cell): InValue {
  if (type === "blob") return Buffer.from(base64, "base64");
  if (type === "integer") return BigInt(value ?? "");
  return type === "null" ? null : (value ?? "");
}

/** Changes the rows of a database without the service, as a malicious database would. */
export class RawDatabase {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async run(...statements: readonly { readonly sql: string; readonly args?: InValue[] }[]): Promise<readonly Row[]> {
    const client = createClient({ url: this.#url });
    try {
      const results = await client.batch(
        statements.map(({ sql, args = [] }) => ({ sql, args })),
        "write",
      );
      return results.at(-1)?.rows ?? [];
    } finally {
      client.close();
    }
  }

  /** Inserts a row, or replaces the one with its primary key. */
  async put(table: (typeof TABLES)[number], row: StoredRow): Promise<void> {
    const columns = [...row.keys()];
    const marks = columns.map(() => "?").join(", ");
    await this.run({
      sql: `INSERT OR REPLACE INTO ${table} (${columns.join(", ")}) VALUES (${marks})`,
      args: [...row.values()],
    });
  }

  async rowOf(sql: string): Promise<StoredRow> {
    const [row] = await this.run({ sql });
    if (row === undefined) throw new Error(`Cannot find a row: ${sql}`);
    return new Map(Object.entries(row).map(([column, value]) => [column, value as InValue]));
  }

  /** The statements that copy the tables of policies, audit and store, and those that restore them from the copies. */
  async save(): Promise<void> {
    for (const table of TABLES) {
      await this.run({ sql: `DROP TABLE IF EXISTS saved_${table}` });
      await this.run({ sql: `CREATE TABLE saved_${table} AS SELECT * FROM ${table}` });
    }
  }

  /** Restores what {@link save} has copied. */
  async restore(): Promise<void> {
    await this.run(
      ...TABLES.flatMap((table) => [
        { sql: `DELETE FROM ${table}` },
        { sql: `INSERT INTO ${table} SELECT * FROM saved_${table}` },
      ]),
    );
  }
}

const TABLES = ["policies", "audit", "authority", "store"] as const;
