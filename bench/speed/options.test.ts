import { describe, expect, it } from "vitest";
import { readBenchOptions } from "./options.ts";

describe("readBenchOptions", () => {
  it("defaults to all benchmarks, five rounds and the sizes of the goals", () => {
    expect(readBenchOptions([])).toEqual({
      only: "",
      rounds: 5,
      seconds: 2,
      secrets: 1_000_000,
      policies: 100_000,
      out: "reports/speed",
      page: undefined,
    });
    expect(readBenchOptions(["--only", "get", "--rounds", "1"])).toMatchObject({ only: "get", rounds: 1 });
    expect(readBenchOptions(["--help"])).toBe("help");
  });

  it.each([
    [["--rounds", "0"], '"0" as --rounds'],
    [["--seconds", "1.5"], '"1.5" as --seconds'],
    [["--secrets", "x"], '"x" as --secrets'],
    [["--policies", "1000001"], '"1000001" as --policies'],
    [["--only", "get", "--page", "p"], "--page with --only"],
    [["--what", "1"], "Cannot read the command line"],
  ])("rejects %j", (args, message) => {
    expect(() => readBenchOptions(args)).toThrow(message);
  });
});
