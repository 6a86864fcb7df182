/**
 * The minimal write: one fetch reads a row, and a second fetch sends a transaction that updates this row and inserts two. Without
 * any check, concurrent writes overwrite each other.
 */
interface Env {
  readonly LIBSQL_URL: string;
  readonly LIBSQL_AUTH_TOKEN?: string;
}

const text = (value: string) => ({ type: "text", value });

async function pipeline({ LIBSQL_URL, LIBSQL_AUTH_TOKEN = "none" }: Env, steps: readonly object[]): Promise<unknown[]> {
  const response = await fetch(`${LIBSQL_URL}/v2/pipeline`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${LIBSQL_AUTH_TOKEN}` },
    body: JSON.stringify({ requests: [{ type: "batch", batch: { steps } }, { type: "close" }] }),
  });
  const { results } = (await response.json()) as {
    results: [{ response: { result: { step_results: { rows: unknown[] }[]; step_errors: unknown[] } } }];
  };
  const { step_results: done, step_errors: errors } = results[0].response.result;
  if (errors.slice(0, -1).some((error) => error !== null)) throw new Error(JSON.stringify(errors));
  return done.map((step) => step?.rows[0]);
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { path, values } = (await request.json()) as { path: string; values: unknown };
    const value = text(JSON.stringify(values));
    const [row] = await pipeline(env, [
      { stmt: { sql: "SELECT version, body FROM baseline_heads WHERE path = ?", args: [text(path)] } },
    ]);
    const [{ value: version }] = row as [{ value: string }];
    const next = { type: "integer", value: String(Number(version) + 1) };
    const after = (step: number) => ({ condition: { type: "ok", step } });
    await pipeline(env, [
      { stmt: { sql: "BEGIN IMMEDIATE" } },
      {
        stmt: {
          sql: "UPDATE baseline_heads SET version = ?, body = ? WHERE path = ?",
          args: [next, value, text(path)],
        },
        ...after(0),
      },
      {
        stmt: { sql: "INSERT INTO baseline_versions (path, body) VALUES (?, ?)", args: [text(path), value] },
        ...after(1),
      },
      {
        stmt: { sql: "INSERT INTO baseline_audit (path, body) VALUES (?, ?)", args: [text(path), value] },
        ...after(2),
      },
      { stmt: { sql: "COMMIT" }, ...after(3) },
      { stmt: { sql: "ROLLBACK" }, condition: { type: "not", cond: after(4).condition } },
    ]);
    return Response.json({ version: next.value });
  },
};
