import { expect, test } from "vitest";
import { bindArguments } from "./bind.ts";

test("positions fill every kind of parameter", () => {
  const outcome = bindArguments([null, ":a", "?3"], { args: [1n, null, "x"], namedArgs: [] });
  expect(outcome).toEqual({ ok: true, value: [1n, null, "x"] });
});

test("names are found with and without their prefix, and null is a value", () => {
  const namedArgs = [
    { name: "c", value: 3n },
    { name: ":a", value: null },
    { name: "@b", value: 2n },
  ];
  expect(bindArguments([":a", "@b", "$c"], { args: [], namedArgs })).toEqual({ ok: true, value: [null, 2n, 3n] });
});

test.each([
  ["a missing argument", [":a", null], { args: [1n], namedArgs: [] }, "ARGS_INVALID"],
  ["a missing name", [":a"], { args: [], namedArgs: [{ name: "b", value: 1n }] }, "ARGS_INVALID"],
  ["a nameless parameter among names", [null], { args: [], namedArgs: [{ name: "a", value: 1n }] }, "ARGS_INVALID"],
  ["one argument too many", [null], { args: [1n, 2n], namedArgs: [] }, "ARGS_INVALID"],
  ["both kinds", [null], { args: [1n], namedArgs: [{ name: "a", value: 1n }] }, "ARGS_BOTH_POSITIONAL_AND_NAMED"],
])("%s is refused", (_name, parameters, given, code) => {
  expect(bindArguments(parameters, given)).toMatchObject({ ok: false, error: { code } });
});
