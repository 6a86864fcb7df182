import { expect, expectTypeOf, it } from "vitest";
import { type JsonObject, parseJsonObject } from "./json-object.ts";
import { integer, text } from "./member.ts";
import { checkMembers, readMembers, unknownMembers } from "./read-members.ts";

function bodyOf(source: string): JsonObject {
  const parsed = parseJsonObject(source);
  if (!parsed.ok) throw new Error(parsed.violation.rule);
  return parsed.object;
}

const MEMBERS = { spike: text({ required: true }), count: integer({ min: 0 }) };

it("finds members regardless of case, the long s and the Kelvin sign included", () => {
  const read = readMembers(bodyOf('{"\u017FPI\u212AE":"x","COUNT":1}'), MEMBERS);
  if (!read.ok) throw new Error(read.fault.rule);
  expectTypeOf(read.values).toEqualTypeOf<{ readonly spike: string; readonly count: number | undefined }>();
  expect(read.values).toEqual({ spike: "x", count: 1 });
});

it("names the first member of the wrong type", () => {
  const fault = { member: "spike", rule: "must be a string" };
  expect(readMembers(bodyOf('{"count":"x","spike":1}'), MEMBERS)).toEqual({ ok: false, fault });
});

it("names the first member whose value breaks its rule", () => {
  const check = (spike: string, count: number | undefined) => checkMembers({ spike, count }, MEMBERS);
  expect(check("x", 0)).toBeUndefined();
  expect(check("", -1)).toEqual({ member: "spike", rule: "is required" });
  expect(check("x", -1)).toEqual({ member: "count", rule: "must be at least 0", limit: 0 });
});

it("returns the names of unknown members as sent", () => {
  expect(unknownMembers(bodyOf('{"Spike":"x","Cas":1,"":2}'), new Set(["spike", "count"]))).toEqual(["Cas", ""]);
});
