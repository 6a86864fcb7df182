import { describe, expect, it } from "vitest";
import { readOptions } from "./options.ts";

describe("the options of npm run bench", () => {
  it("are all figures, five rounds and the sizes of the goals unless told otherwise", () => {
    expect(readOptions([])).toEqual({
      only: "",
      rounds: 5,
      seconds: 2,
      secrets: 1_000_000,
      policies: 100_000,
      out: "reports/speed",
      page: undefined,
    });
    expect(readOptions(["--only", "get", "--rounds", "1"])).toMatchObject({ only: "get", rounds: 1 });
    expect(readOptions(["--help"])).toBe("help");
  });

  it.each([
    [["--rounds", "0"], "--rounds is 0"],
    [["--seconds", "1.5"], "--seconds is 1.5"],
    [["--secrets", "x"], "--secrets is x"],
    [["--policies", "1000001"], "--policies is 1000001"],
    [["--only", "get", "--page", "p"], "--page with --only"],
    [["--what", "1"], "Cannot read the command line"],
  ])("refuses %j", (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});
