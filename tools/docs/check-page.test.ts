import { describe, expect, it, onTestFinished } from "vitest";
import { temporaryFolder } from "../dev/temporary-folder.fixture.ts";
import { checkPage, type Surroundings } from "./check-page.ts";
import { startShell } from "./shell-session.ts";

/** Checks a page with these lines in a block, of which the first is line 2. */
async function check(info: string, lines: readonly string[], given: Partial<Surroundings> = {}): Promise<string> {
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
      entered: () => undefined,
      verify: async () => undefined,
      ...given,
    },
  );
  return problems.join("\n");
}

describe("checkPage", () => {
  it("finds nothing wrong with what is true", async () => {
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
    ["another output", ["echo a  # b"], "page.md:2: echo a\n  expected: b\n  got:      a"],
    ["another output below", ["echo a", "# b"], "page.md:2: echo a\n  expected: b\n  got:      a"],
    ["no output", ["true # b"], "page.md:2: true\n  expected: b\n  got:      "],
    ["a failure", ["", "echo a; (exit 7)"], "page.md:3: echo a; (exit 7)\n  expected: exit code 0\n  got:      7\n  a"],
    ["an end", ["exit 0", "true # b"], "page.md:2: exit 0\n  the shell has ended with it, or it took too long"],
    ["an unknown placeholder", ["echo …"], 'page.md:2: echo …\n  there is nothing to put in the place of "…": echo …'],
    [
      "two outputs",
      ["echo a # a", "# a"],
      "page.md:2: echo a\n  there is a comment beside it and one below: which is its output?",
    ],
    ["an unknown script", ["npm test && npm run tset"], 'page.md:2: there is nothing that "npm run tset" could run'],
    ["an unknown program", ["echo npx left-pad"], 'page.md:2: there is nothing that "npx left-pad" could run'],
    [
      "an installation",
      ["npm ci && true"],
      'page.md:2: npm ci && true\n  "npm ci" is not run by this test: show it alone, or with others of its kind',
    ],
    [
      "an unknown option",
      ["npm run dev -- --prot 1"],
      "page.md:2: npm run dev -- --prot 1\n  Cannot read the command line: Unknown option '--prot'",
    ],
  ])("finds %s", async (_, lines, problem) => {
    await expect(check("sh", lines)).resolves.toContain(problem);
  });

  it.each([
    ["ts", "true", 'page.md:1: there is no runner for a block of "ts"'],
    ["sh skip", "true", 'page.md:1: there is no runner for a block of "sh skip"'],
    ["json", "{a:1}", "page.md:2: this is no JSON: SyntaxError"],
    ["", "$ true", "page.md:2: this is a command, and the block is not run: call it sh"],
    ["text", "A=1 npm run dev -- x", "page.md:2: this is a command, and the block is not run: call it sh"],
  ])("finds a block of %j that nothing runs", async (info, line, problem) => {
    await expect(check(info, [line])).resolves.toContain(problem);
  });

  it("runs no product commands, but starts the service by one before the first command that is run", async () => {
    const prepared: string[] = [];
    const prepare: Surroundings["prepare"] = async (command, startedBy) => {
      prepared.push(`${command}: ${startedBy}`);
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

  it("enters what the user would, and asks for more than success", async () => {
    const given = { entered: () => "secret\n", verify: async () => "it has not arrived" };
    await expect(check("sh", ['read x; [ "$x" = secret ]  # a secret'], given)).resolves.toContain(
      "it has not arrived",
    );
  });
});
