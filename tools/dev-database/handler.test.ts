import { expect, test } from "vitest";
import { CLOSE, executeRequest, temporaryDatabase } from "./temporary.ts";

const SELECT = [executeRequest("SELECT 1"), CLOSE];

test.each([
  ["GET", "/health", 200],
  ["GET", "/v2", 200],
  ["GET", "/v3", 200],
  ["GET", "/v2?x=1", 200],
  ["GET", "/v3-protobuf", 404],
  ["GET", "/", 404],
  ["POST", "/v3/cursor", 404],
  ["POST", "/v2", 405],
  ["GET", "/v2/pipeline", 405],
])("%s %s: %i", async (method, path, status) => {
  const database = await temporaryDatabase();
  const response = await fetch(`${database.url}${path}`, { method });
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toBe("application/json");
  await response.json();
});

test.each(["", "rubbish", "null", "[]", '{"requests":1}', '{"requests":[{"type":"x"}]}', "\xff"])(
  "the body %j is refused",
  async (body) => {
    const database = await temporaryDatabase();
    const response = await fetch(`${database.url}/v2/pipeline`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: "MALFORMED_REQUEST" });
  },
);

test("a body of more than 32 MiB is refused, and the server goes on", async () => {
  const database = await temporaryDatabase();
  const body = new Uint8Array(32 * 1024 * 1024 + 1);
  const response = await fetch(`${database.url}/v2/pipeline`, { method: "POST", body });
  expect(response.status).toBe(413);
  expect(await response.json()).toMatchObject({ code: "TOO_LARGE" });
  expect(await database.pipeline(SELECT)).toMatchObject({ status: 200 });
});

test("with a token, only its bearer gets to the database", async () => {
  const database = await temporaryDatabase({ authToken: "right" });
  for (const authorization of ["Bearer wrong", "Bearer rightt", "Bearer ", "right", "bearer right"]) {
    expect(await database.pipeline(SELECT, { headers: { authorization } })).toMatchObject({ status: 401 });
  }
  expect(await database.pipeline(SELECT)).toMatchObject({ status: 401, code: "UNAUTHORIZED" });
  const headers = { authorization: "Bearer right" };
  expect(await database.pipeline(SELECT, { headers, version: 3 })).toMatchObject({ status: 200 });
  expect((await fetch(`${database.url}/health`)).status).toBe(200);
});

test("a web page can't reach the database", async () => {
  const database = await temporaryDatabase();
  const headers = { origin: "https://example.org" };
  expect(await database.pipeline(SELECT, { headers })).toMatchObject({ status: 403, code: "ORIGIN_REFUSED" });
});
