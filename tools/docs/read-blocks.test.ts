import { expect, it } from "vitest";
import { readBlocks } from "./read-blocks.ts";

const page = (...lines: readonly string[]): ReturnType<typeof readBlocks> => readBlocks(lines.join("\n"));

it("reads every block with its language and its place", () => {
  expect(page("text", "```sh", "one", "", "two", "```", "- item", "  ~~~~json ", "  {}", "  ~~~", "  ~~~~")).toEqual({
    blocks: [
      { info: "sh", line: 3, lines: ["one", "", "two"] },
      { info: "json", line: 9, lines: ["{}", "~~~"] },
    ],
    problems: [],
  });
});

it.each([
  ["a block that is never closed", ["```sh", "one"], { line: 1, what: "this block is never closed" }],
  ["a fence in a quotation", ["", "> ```sh"], { line: 2, what: "a fence has to be alone on its line" }],
  [
    "an indented command",
    ["    A=1 npm test -- x"],
    { line: 1, what: "this is a command outside of any fenced block" },
  ],
])("finds %s", (_, lines, problem) => {
  expect(page(...lines).problems).toContainEqual(problem);
});
