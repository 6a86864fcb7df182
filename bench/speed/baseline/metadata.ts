/** The minimal read of a secret's metadata: one fetch, the rows of its versions, and a JSON response. */
interface Env {
  readonly LIBSQL_URL: string;
  readonly LIBSQL_AUTH_TOKEN?: string;
}

const VERSIONS = `SELECT v.number, v.created_at, v.deleted_at, s.current, s.oldest, s.created_at, s.updated_at, s.max_versions
  FROM secret_versions v JOIN secrets s ON s.path = v.path WHERE s.path = ? ORDER BY v.number`;

export default {
  async fetch(request: Request, { LIBSQL_URL, LIBSQL_AUTH_TOKEN = "none" }: Env): Promise<Response> {
    const { path } = (await request.json()) as { path: string };
    const stmt = { sql: VERSIONS, args: [{ type: "text", value: path }] };
    const response = await fetch(`${LIBSQL_URL}/v2/pipeline`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${LIBSQL_AUTH_TOKEN}` },
      body: JSON.stringify({ requests: [{ type: "execute", stmt }, { type: "close" }] }),
    });
    const { results } = (await response.json()) as {
      results: [{ response: { result: { rows: { value?: string }[][] } } }];
    };
    const rows = results[0].response.result.rows.map((row) => row.map((cell) => cell.value ?? null));
    return Response.json({ versions: Object.fromEntries(rows.map(([number, ...rest]) => [number, rest])) });
  },
};
