import { expect, it } from "vitest";
import { readBody } from "../../src/api/read-body.ts";

/** The streams of a Worker's requests are native. Canceling one rejects a pending read, which the standard resolves. */
it.each([
  ["that never begins", "", {}],
  ["that stalls", '{"path"', {}],
  ["of a declared length", '{"path"', { "content-length": "12" }],
  ["of a large declared length", '{"path"', { "content-length": "60000" }],
])("returns too_slow for a native body %s (Q13)", async (_what, start, headers) => {
  const { readable, writable } = new IdentityTransformStream();
  const stop = new AbortController();
  const request = new Request("https://edge.test/", { method: "POST", body: readable, headers });
  const stalled = readBody(request, 100_000, stop.signal);
  const writer = writable.getWriter();
  if (start !== "") await writer.write(new TextEncoder().encode(start));
  setTimeout(() => stop.abort(new Error("deadline")), 50);
  expect(await stalled).toEqual({ ok: false, reason: "too_slow" });
  await writer.abort().catch(() => undefined);
});
