/** The minimal read of a secret: one fetch, one row, and a JSON response, without authentication. */
interface Env {
  readonly LIBSQL_URL: string;
  readonly LIBSQL_AUTH_TOKEN?: string;
}

/** Reads the current version of a path like `get`, but nothing to verify it with. */
const POINT_READ = `SELECT v.number, v.write_id, v.created_at, v.deleted_at, v.destroyed_at, v.sealed
  FROM secret_versions v JOIN secrets s ON s.path = v.path WHERE s.path = ? AND v.number = s.current`;

export default {
  async fetch(request: Request, { LIBSQL_URL, LIBSQL_AUTH_TOKEN = "none" }: Env): Promise<Response> {
    const { path } = (await request.json()) as { path: string };
    const statement = { sql: POINT_READ, args: [{ type: "text", value: path }] };
    const response = await fetch(`${LIBSQL_URL}/v2/pipeline`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${LIBSQL_AUTH_TOKEN}` },
      body: JSON.stringify({ requests: [{ type: "execute", stmt: statement }, { type: "close" }] }),
    });
    const { results } = (await response.json()) as { results: [{ response: { result: { rows: unknown[] } } }] };
    return Response.json({ data: results[0].response.result.rows[0] });
  },
};
