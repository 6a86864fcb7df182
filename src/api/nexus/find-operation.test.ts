import { describe, expect, it } from "vitest";
import { findOperation } from "./find-operation.ts";
import { OPERATIONS } from "./operations.ts";

const SECRETS = OPERATIONS["/v1/store/secrets"]!;
const actionOf = (query: string) => findOperation(SECRETS, `http://edge.test/v1/store/secrets${query}`)?.action;

describe("findOperation", () => {
  it("finds the operation that the query names", () => {
    expect(actionOf("")).toBe("secret.put");
    expect(actionOf("?action=get")).toBe("secret.get");
    expect(actionOf("?action=undelete")).toBe("secret.undelete");
  });

  it.each([
    "?",
    "?action",
    "?action=",
    "?action=Get",
    "?Action=get",
    "?action=g%65t",
    "?action=get&",
    "?action=get&action=get",
    "?x=1&action=get",
    "?action=get#x",
    "?action=constructor",
    "?action=__proto__",
  ])("finds no operation for %s", (query) => {
    expect(actionOf(query)).toBeUndefined();
  });
});
