import { describe, expect, test } from "vitest";
import { grants, parsePermissions } from "./permission.ts";

describe("parsePermissions", () => {
  test("keeps the order and drops duplicates", () => {
    const all = ["super", "execute", "list", "write", "read"];
    expect(parsePermissions(all)).toEqual(all);
    expect(parsePermissions(["write", "read", "write"])).toEqual(["write", "read"]);
  });

  test.each([
    ["no permission", []],
    ["an unknown permission", ["read", "delete"]],
    ["upper case", ["Read"]],
    ["surrounding space", [" read"]],
    ["an empty word", [""]],
    ["an inherited property of objects", ["constructor"]],
  ])("refuses %s", (_case, list) => {
    expect(parsePermissions(list)).toBeUndefined();
  });
});

test("only super includes other permissions", () => {
  const all = ["read", "write", "list", "execute", "super"] as const;
  for (const wanted of all) {
    expect(grants([], wanted)).toBe(false);
    for (const held of all) expect(grants([held], wanted)).toBe(held === wanted || held === "super");
  }
  expect(grants(["read", "list"], "list")).toBe(true);
});
