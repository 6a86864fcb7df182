/** The minimal list of paths: one fetch, one index range, and a JSON response. */
interface Env {
  readonly LIBSQL_URL: string;
  readonly LIBSQL_AUTH_TOKEN?: string;
}

const PATHS = "SELECT path FROM secrets WHERE path >= ? AND path < ? ORDER BY path LIMIT 1000";

export default {
  async fetch(request: Request, { LIBSQL_URL, LIBSQL_AUTH_TOKEN = "none" }: Env): Promise<Response> {
    const { prefix } = (await request.json()) as { prefix: string };
    const args = [prefix, `${prefix}\u{10FFFF}`].map((value) => ({ type: "text", value }));
    const response = await fetch(`${LIBSQL_URL}/v2/pipeline`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${LIBSQL_AUTH_TOKEN}` },
      body: JSON.stringify({ requests: [{ type: "execute", stmt: { sql: PATHS, args } }, { type: "close" }] }),
    });
    const { results } = (await response.json()) as {
      results: [{ response: { result: { rows: [{ value: string }][] } } }];
    };
    return Response.json({ keys: results[0].response.result.rows.map(([path]) => path.value) });
  },
};
