/** The least that a read from a database can be: one fetch, one row, and its answer as JSON. Nobody is asked who he is. */
interface Env {
  readonly LIBSQL_URL: string;
}

/** The current version of a path, as `get` finds it, and nothing to judge it by. */
const POINT_READ = `SELECT v.number, v.write_id, v.created_at, v.deleted_at, v.destroyed_at, v.sealed
  FROM secret_versions v JOIN secrets s ON s.path = v.path WHERE s.path = ? AND v.number = s.current`;

export default {
  async fetch(request: Request, { LIBSQL_URL }: Env): Promise<Response> {
    const { path } = (await request.json()) as { path: string };
    const statement = { sql: POINT_READ, args: [{ type: "text", value: path }] };
    const answer = await fetch(`${LIBSQL_URL}/v2/pipeline`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ requests: [{ type: "execute", stmt: statement }, { type: "close" }] }),
    });
    const { results } = (await answer.json()) as { results: [{ response: { result: { rows: unknown[] } } }] };
    return Response.json({ data: results[0].response.result.rows[0] });
  },
};
