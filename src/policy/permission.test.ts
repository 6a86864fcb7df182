import { describe, expect, test } from "vitest";
import { grants, parsePermissions } from "./permission.ts";

describe("parsePermissions", () => {
  test("takes each word, in the order given, once", () => {
    const all = ["super", "execute", "list", "write", "read"];
    expect(parsePermissions(all)).toEqual(all);
    expect(parsePermissions(["write", "read", "write"])).toEqual(["write", "read"]);
  });

  test.each([
    ["no permission", []],
    ["an unknown one", ["read", "delete"]],
    ["upper case", ["Read"]],
    ["space around", [" read"]],
    ["an empty word", [""]],
    ["what objects inherit", ["constructor"]],
  ])("refuses %s", (_case, list) => {
    expect(parsePermissions(list)).toBeUndefined();
  });
});

test("only super implies other permissions", () => {
  const all = ["read", "write", "list", "execute", "super"] as const;
  for (const wanted of all) {
    expect(grants([], wanted)).toBe(false);
    for (const held of all) expect(grants([held], wanted)).toBe(held === wanted || held === "super");
  }
  expect(grants(["read", "list"], "list")).toBe(true);
});
