import { matches } from "./matches.ts";
import { findOptionsProblem, findRefusal, lastProductCommand, startsService } from "./product-command.ts";
import { type Block, looksLikeCommand, type Problem, readBlocks } from "./read-blocks.ts";
import { type Command, readCommands } from "./read-commands.ts";
import type { ShellSession } from "./shell-session.ts";

export interface Page {
  /** Path in the project. */
  readonly name: string;
  readonly markdown: string;
}

/** Where the commands of a page run. */
export interface PageEnvironment {
  readonly shell: ShellSession;
  /** Script names that `npm run` accepts. */
  readonly scripts: readonly string[];
  /** Program names that `npx` runs without installing them. */
  readonly programs: readonly string[];
  /**
   * Starts the service that a command calls, unless it is running, with the page's own start command.
   *
   * @returns commands to run before this one
   */
  prepare(command: string, startCommand: string): Promise<readonly string[]>;
  /** Replaces machine-specific parts of a command or its output, such as ports. */
  fill(text: string): string;
  /** The text that the user enters while the command runs. Undefined if it does not prompt. */
  inputFor(command: string): string | undefined;
  /** Checks the effect of a command beyond its output. @returns the problem, if any */
  verify(command: string): Promise<string | undefined>;
}

/**
 * Runs every example of a page from top to bottom and compares the results with the page.
 *
 * - Blocks of `sh` are run. All blocks of a page share one shell in a fresh copy of the project. A service is started for them.
 * - The expected output of a command is the comment at the end of its line, or the comment in the lines directly below. It must
 *   match exactly; `…` matches any text. A command without such a comment must succeed. All other comments are prose.
 * - Commands that install, start or check the whole product are not run, but their scripts and options must exist. Their comments
 *   are prose. The first one that starts the service is the command used to start it.
 * - A command that prompts has no expected output. The comment at the end of its line describes the input.
 * - Blocks of `json` must be valid JSON. Blocks of `text`, or without a language, must not contain commands. Other languages are
 *   not allowed.
 * - Everywhere on the page, `npm run` and `npx` must name an existing script or program.
 *
 * @returns one text per problem: page, line and description
 */
export async function checkPage({ name, markdown }: Page, environment: PageEnvironment): Promise<readonly string[]> {
  const { blocks, problems } = readBlocks(markdown);
  const found: Problem[] = [...problems, ...findUnknownNames(markdown, environment)];
  const commands: Command[] = [];
  for (const block of blocks) {
    if (block.info === "sh") {
      const read = await readCommands(block);
      commands.push(...read.commands);
      found.push(...read.problems);
    } else {
      found.push(...checkDataBlock(block));
    }
  }
  found.push(...(await checkCommands(commands, environment)));
  return found.toSorted((a, b) => a.line - b.line).map(({ line, description }) => `${name}:${line}: ${description}`);
}

function findUnknownNames(markdown: string, { scripts, programs }: PageEnvironment): readonly Problem[] {
  return markdown
    .split("\n")
    .flatMap((text, index) =>
      [...text.matchAll(/\b(npm run|npx) (?:--silent )?([\w:-]+)/g)].flatMap(([, runner = "", name = ""]) =>
        (runner === "npx" ? programs : scripts).includes(name)
          ? []
          : [{ line: index + 1, description: `"${runner} ${name}" does not exist` }],
      ),
    );
}

function checkDataBlock({ info, line, lines }: Block): readonly Problem[] {
  switch (info) {
    case "":
    case "text": {
      const index = lines.findIndex((each) => looksLikeCommand(each));
      return index === -1
        ? []
        : [{ line: line + index, description: "a command in a block that is not run: mark the block as sh" }];
    }
    case "json":
      try {
        JSON.parse(lines.join("\n"));
        return [];
      } catch (error) {
        return [{ line, description: `invalid JSON: ${String(error)}` }];
      }
    default:
      return [{ line: line - 1, description: `unknown block language "${info}"` }];
  }
}

async function checkCommands(commands: readonly Command[], environment: PageEnvironment): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const productCommands = commands.map(({ text }) => lastProductCommand(text));
  const startCommand =
    productCommands.find((command) => command !== undefined && startsService(command)) ?? "npm run dev";
  for (const [index, command] of commands.entries()) {
    const productCommand = productCommands[index];
    const description =
      productCommand === undefined
        ? await runCommand(command, startCommand, environment)
        : findOptionsProblem(productCommand);
    if (description === undefined) continue;
    problems.push({ line: command.line, description: `${command.text}\n${indent(description)}` });
    if (description === SHELL_ENDED) break;
  }
  return problems;
}

const SHELL_ENDED = "the shell exited, or the command timed out";

/** Runs one command and compares its output. @returns the problem, if any */
async function runCommand(
  { text, beside, below }: Command,
  startCommand: string,
  environment: PageEnvironment,
): Promise<string | undefined> {
  const refusal = findRefusal(text);
  if (refusal !== undefined) return refusal;
  const input = environment.inputFor(text);
  const outputBeside = input === undefined ? beside : undefined;
  if (outputBeside !== undefined && below !== undefined) {
    return "ambiguous output: there is a comment at the end of the line and one below";
  }
  const expected = outputBeside ?? below;
  const filled = environment.fill(text);
  if (filled.includes("…")) return `no value to replace "…" with: ${filled}`;
  for (const first of await environment.prepare(text, startCommand)) {
    const result = await environment.shell.run(first);
    if (result?.exitCode !== 0) return `a preparing command failed: ${first}\n${result?.output}`;
  }
  const result = await environment.shell.run(filled, { input: input ?? "" });
  if (result === undefined) return SHELL_ENDED;
  const { exitCode, output } = result;
  if (expected !== undefined && !matches(environment.fill(expected), output)) {
    return `expected: ${expected}\ngot:      ${output.trim()}`;
  }
  if (expected === undefined && exitCode !== 0) return `expected: exit code 0\ngot:      ${exitCode}\n${output.trim()}`;
  return await environment.verify(text);
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
