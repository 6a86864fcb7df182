import { expect, it } from "vitest";
import { readBlocks } from "./read-blocks.ts";

const page = (...lines: readonly string[]): ReturnType<typeof readBlocks> => readBlocks(lines.join("\n"));

it("reads every block with its language and line number", () => {
  expect(page("text", "```sh", "one", "", "two", "```", "- item", "  ~~~~json ", "  {}", "  ~~~", "  ~~~~")).toEqual({
    blocks: [
      { info: "sh", line: 3, lines: ["one", "", "two"] },
      { info: "json", line: 9, lines: ["{}", "~~~"] },
    ],
    problems: [],
  });
});

it.each([
  ["an unclosed block", ["```sh", "one"], { line: 1, description: "this block is not closed" }],
  ["a fence in a quotation", ["", "> ```sh"], { line: 2, description: "a fence must be alone on its line" }],
  ["an indented command", ["    A=1 npm test -- x"], { line: 1, description: "a command outside a fenced block" }],
])("reports %s", (_, lines, problem) => {
  expect(page(...lines).problems).toContainEqual(problem);
});
