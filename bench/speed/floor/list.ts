/** The least that a list of paths can be: one fetch, one range of the index, and its answer as JSON. */
interface Env {
  readonly LIBSQL_URL: string;
}

const PATHS = "SELECT path FROM secrets WHERE path >= ? AND path < ? ORDER BY path LIMIT 1000";

export default {
  async fetch(request: Request, { LIBSQL_URL }: Env): Promise<Response> {
    const { prefix } = (await request.json()) as { prefix: string };
    const args = [prefix, `${prefix}\u{10FFFF}`].map((value) => ({ type: "text", value }));
    const answer = await fetch(`${LIBSQL_URL}/v2/pipeline`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ requests: [{ type: "execute", stmt: { sql: PATHS, args } }, { type: "close" }] }),
    });
    const { results } = (await answer.json()) as {
      results: [{ response: { result: { rows: [{ value: string }][] } } }];
    };
    return Response.json({ keys: results[0].response.result.rows.map(([path]) => path.value) });
  },
};
