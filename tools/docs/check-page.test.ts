import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../dev/temporary-folder.fixture.ts";
import { checkPage, type PageEnvironment } from "./check-page.ts";
import { startShell } from "./shell-session.ts";

/** Checks a page that consists of one block. The first of `lines` is line 2 of the page. */
async function check(
  info: string,
  lines: readonly string[],
  overrides: Partial<PageEnvironment> = {},
): Promise<string> {
  const folder = temporaryFolder();
  const shell = startShell({ cwd: folder, env: { PATH: process.env["PATH"] ?? "" }, scratch: folder });
  onTestFinished(async () => await shell.close());
  const problems = await checkPage(
    { name: "page.md", markdown: ["```" + info, ...lines, "```"].join("\n") },
    {
      shell,
      scripts: ["check:types", "dev", "test"],
      programs: ["oxfmt"],
      prepare: async () => [],
      fill: (text) => text.replaceAll("8787", "9999"),
      inputFor: () => undefined,
      verify: async () => undefined,
      ...overrides,
    },
  );
  return problems.join("\n");
}

describe("checkPage", () => {
  it("accepts a page whose examples are correct", async () => {
    const lines = [
      "f() { echo 1; echo 2; }",
      "f",
      "# 1",
      "# 2",
      "echo 8787 # 8787",
      "echo '# 3'    # …3",
      "",
      "# prose",
      "true",
    ];
    await expect(check("sh", lines)).resolves.toBe("");
    await expect(check("json", ['{"a":', "1}"])).resolves.toBe("");
    await expect(check("text", ["a drawing"])).resolves.toBe("");
  });

  it.each([
    ["a different output", ["echo a  # b"], "page.md:2: echo a\n  expected: b\n  got:      a"],
    ["a different output below", ["echo a", "# b"], "page.md:2: echo a\n  expected: b\n  got:      a"],
    ["missing output", ["true # b"], "page.md:2: true\n  expected: b\n  got:      "],
    ["a failure", ["", "echo a; (exit 7)"], "page.md:3: echo a; (exit 7)\n  expected: exit code 0\n  got:      7\n  a"],
    ["an exit of the shell", ["exit 0", "true # b"], "page.md:2: exit 0\n  the shell exited, or the command timed out"],
    ["an unknown placeholder", ["echo …"], 'page.md:2: echo …\n  no value to replace "…" with: echo …'],
    [
      "two outputs",
      ["echo a # a", "# a"],
      "page.md:2: echo a\n  ambiguous output: there is a comment at the end of the line and one below",
    ],
    ["an unknown script", ["npm test && npm run tset"], 'page.md:2: "npm run tset" does not exist'],
    ["an unknown program", ["echo npx left-pad"], 'page.md:2: "npx left-pad" does not exist'],
    [
      "an installation",
      ["npm ci && true"],
      'page.md:2: npm ci && true\n  this test does not run "npm ci": put it on a line without other kinds of commands',
    ],
    [
      "an unknown option",
      ["npm run dev -- --prot 1"],
      "page.md:2: npm run dev -- --prot 1\n  Cannot read the command line: Unknown option '--prot'",
    ],
  ])("reports %s", async (_, lines, problem) => {
    await expect(check("sh", lines)).resolves.toContain(problem);
  });

  it.each([
    ["ts", "true", 'page.md:1: unknown block language "ts"'],
    ["sh skip", "true", 'page.md:1: unknown block language "sh skip"'],
    ["json", "{a:1}", "page.md:2: invalid JSON: SyntaxError"],
    ["", "$ true", "page.md:2: a command in a block that is not run: mark the block as sh"],
    ["text", "A=1 npm run dev -- x", "page.md:2: a command in a block that is not run: mark the block as sh"],
  ])("reports a block of %j that is not run", async (info, line, problem) => {
    await expect(check(info, [line])).resolves.toContain(problem);
  });

  it("does not run product commands, but starts the service with one before the first other command", async () => {
    const prepared: string[] = [];
    const prepare: PageEnvironment["prepare"] = async (command, startCommand) => {
      prepared.push(`${command}: ${startCommand}`);
      return ["A=1"];
    };
    const lines = [
      "npm ci && npm run dev -- --instances 2  # prose",
      "npm test",
      "npx oxfmt",
      "echo $A # 1",
      "echo npm run check:types",
    ];
    await expect(check("sh", lines, { prepare })).resolves.toBe("");
    expect(prepared).toEqual(
      ["echo $A", "echo npm run check:types"].map((command) => `${command}: npm run dev -- --instances 2`),
    );
  });

  it("enters the input of the user and verifies the effect of a command", async () => {
    const overrides = { inputFor: () => "secret\n", verify: async () => "the secret is missing" };
    await expect(check("sh", ['read x; [ "$x" = secret ]  # a secret'], overrides)).resolves.toContain(
      "the secret is missing",
    );
  });
});
