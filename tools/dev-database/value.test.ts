import { expect, test } from "vitest";
import { CLOSE, executeRequest, temporaryDatabase } from "./temporary.ts";
import { decodeValue, encodeValue } from "./value.ts";

test.each([
  { type: "null" },
  { type: "integer", value: "0" },
  { type: "integer", value: "9223372036854775807" },
  { type: "integer", value: "-9223372036854775808" },
  { type: "float", value: 2 },
  { type: "float", value: -1.5e-300 },
  { type: "text", value: "" },
  { type: "text", value: "naïve 🦉 \"quotes\" and 'more'" },
  { type: "blob", base64: "" },
  { type: "blob", base64: "AP+A" },
  { type: "blob", base64: "AP8" },
  { type: "blob", base64: "AA" },
])("%o comes back from SQLite as it was sent", async (value) => {
  const database = await temporaryDatabase();
  const answer = await database.pipeline([executeRequest("SELECT ?1, typeof(?1)", [value]), CLOSE]);
  const kind = { float: "real" }[value.type] ?? value.type;
  expect(answer.results[0]).toMatchObject({
    response: { result: { rows: [[value, { type: "text", value: kind }]] } },
  });
});

test.each(["AP8=", "AP8"])("a blob is read with and without padding: %s", (base64) => {
  expect(decodeValue({ type: "blob", base64 })).toEqual(Buffer.from([0, 255]));
});

test.each([
  { type: "integer", value: 1 },
  { type: "integer", value: "1.5" },
  { type: "integer", value: "9223372036854775808" },
  { type: "integer", value: "-9223372036854775809" },
  { type: "float", value: "1" },
  { type: "text", value: null },
  { type: "text", value: "\uD800" },
  { type: "blob", base64: "?" },
  { type: "blob", base64: "AAAAA" },
  { type: "boolean", value: true },
  {},
])("%o is no value", (wire) => {
  expect(decodeValue(wire)).toBeUndefined();
});

test("a view into a larger buffer is written without its surroundings", () => {
  expect(encodeValue(Buffer.from("surroundings").subarray(0, 3))).toEqual({ type: "blob", base64: "c3Vy" });
});
