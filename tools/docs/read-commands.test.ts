import { expect, it } from "vitest";
import { readCommands } from "./read-commands.ts";

const read = async (...lines: readonly string[]) => await readCommands({ info: "sh", line: 10, lines });

it("separates commands, their output and prose", async () => {
  const { commands, problems } = await read(
    "# prose",
    "one",
    "# out",
    "#",
    "# put",
    "",
    "# prose",
    "two  # beside",
    "three",
  );
  expect(problems).toEqual([]);
  expect(commands).toEqual([
    { line: 11, text: "one", beside: undefined, below: "out\n\nput" },
    { line: 17, text: "two", beside: "beside", below: undefined },
    { line: 18, text: "three", beside: undefined, below: undefined },
  ]);
});

it.each([
  ["a quoted text", ["echo 'a # b", "c' # d"]],
  ["a function", ["f() {", "  echo 1 # one", "", "} # d"]],
  ["a continued line", ["echo a \\", "  b # d"]],
  ["a here-document", ["cat <<END", "x # y", "'", "END # no", "END"]],
  ["a pipe", ["echo a |", "  cat # d"]],
])("reads all lines of %s", async (_, lines) => {
  const { commands } = await read(...lines, "next");
  expect(commands.map(({ line, text }) => [line, text])).toEqual([
    [10, lines.join("\n").replace(/ # d$/, "")],
    [10 + lines.length, "next"],
  ]);
});

it.each([
  ["'x # y'", undefined],
  ['"x # y"', undefined],
  [String.raw`\# y`, undefined],
  ["x#y", undefined],
  ['"$(cat x)" # {"a":"# b"}', '{"a":"# b"}'],
])("finds the comment of: echo %s", async (rest, beside) => {
  const { commands } = await read(`echo ${rest}`);
  expect(commands.map((command) => command.beside)).toEqual([beside]);
});

it.each(["echo 'a", "if true; then", "echo )"])("reports a command that bash cannot parse: %s", async (line) => {
  const { problems } = await read("true", line, "# x");
  expect(problems).toEqual([{ line: 11, description: `bash cannot parse this command: ${line}` }]);
});
