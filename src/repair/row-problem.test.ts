import { expect, it } from "vitest";
import { SealError } from "../seal/seal-error.ts";
import { problemIn } from "./row-problem.ts";

it("returns what a check throws about a row, and passes on other errors", async () => {
  expect(await problemIn("secret:a", async () => await Promise.resolve(1))).toBeUndefined();
  const failing = async (thrown: Error) => {
    await Promise.resolve();
    throw thrown;
  };
  expect(await problemIn("secret:a", async () => await failing(new SealError("malformed", "d")))).toEqual({
    resource: "secret:a",
    kind: "malformed",
    detail: "d",
  });
  await expect(problemIn("secret:a", async () => await failing(new TypeError("other")))).rejects.toThrow("other");
});
