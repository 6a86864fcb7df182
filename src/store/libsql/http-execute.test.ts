import { describe, expect, it } from "vitest";
import { httpExecute } from "./http-execute.ts";

const ANSWER = {
  results: [{ response: { type: "batch", result: { step_results: [{ rows: [] }], step_errors: [null] } } }],
};

/** Where a request went, and with what. */
async function sentTo(database: { readonly url: string; readonly authToken?: string }) {
  const sent: { url: string; init: RequestInit }[] = [];
  const execute = httpExecute(database, async (url, init) => {
    sent.push({ url, init });
    return await Promise.resolve(Response.json(ANSWER));
  });
  expect(await execute([{ escaped: "SELECT 1", args: {} }], "read", new AbortController().signal)).toEqual([
    { rows: [] },
  ]);
  expect(sent).toHaveLength(1);
  return sent[0]!;
}

describe("a batch goes", () => {
  it.each([
    ["libsql://db.example", "https://db.example/v2/pipeline"],
    ["libsql://db.example:8080", "https://db.example:8080/v2/pipeline"],
    ["libsql://db.example?tls=1", "https://db.example/v2/pipeline"],
    ["libsql://127.0.0.1:8080?tls=0", "http://127.0.0.1:8080/v2/pipeline"],
    ["https://db.example/", "https://db.example/v2/pipeline"],
    ["https://db.example/tenant/", "https://db.example/tenant/v2/pipeline"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080/v2/pipeline"],
  ])("of %s to %s", async (url, pipeline) => {
    expect((await sentTo({ url })).url).toBe(pipeline);
  });

  it("with the token, if there is one, and no further than there", async () => {
    const { init } = await sentTo({ url: "https://db.example", authToken: "t" });
    expect(init).toMatchObject({ method: "POST", redirect: "manual" });
    expect(init.headers).toEqual({ "Content-Type": "application/json", Authorization: "Bearer t" });
    expect((await sentTo({ url: "https://db.example" })).init.headers).not.toHaveProperty("Authorization");
  });
});
