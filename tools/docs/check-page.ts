import { looksLikeCommand } from "./looks-like-command.ts";
import { matches } from "./matches.ts";
import type { Problem } from "./problem.ts";
import { optionsProblem, productCommand, refusal, startsService } from "./product-command.ts";
import { type Block, readBlocks } from "./read-blocks.ts";
import { type Command, readCommands } from "./read-commands.ts";
import type { ShellSession } from "./shell-session.ts";

export interface Page {
  /** Its path in the project. */
  readonly name: string;
  readonly markdown: string;
}

/** Where the commands of a page run. */
export interface Surroundings {
  readonly shell: ShellSession;
  /** What `npm run` can run. */
  readonly scripts: readonly string[];
  /** What `npx` can run without installing it. */
  readonly programs: readonly string[];
  /**
   * Starts what a command asks, if it runs not yet, by the command with which the page starts it.
   *
   * @returns lines that are to be run first.
   */
  prepare(command: string, startedBy: string): Promise<readonly string[]>;
  /** The command with everything filled in that differs from machine to machine. The same for what it prints. */
  fill(text: string): string;
  /** What the command's user enters while it runs. */
  entered(command: string): string | undefined;
  /** What else has to be so after the command. Fulfilled with what is not. */
  verify(command: string): Promise<string | undefined>;
}

/**
 * Runs every example of a page, from the top down, and says what is not as the page has it.
 *
 * - A block of `sh` is run. All of a page run in one shell, in a fresh copy of the project. A service is started for them.
 * - What a command prints is the comment at its end, or the comment in the lines directly below it, to the letter; `…`
 *   stands for anything. A command without such a comment has to succeed. Other comments are prose.
 * - Lines that install, start or check the product as a whole are not run, but they have to name what exists. Their comments
 *   are prose. The first that starts the service is the command that it is started by.
 * - A command that asks its user for something has no output to show: the comment at its end says what is entered.
 * - A block of `json` has to be JSON. A block of `text`, or of no language, shows no commands. There are no other blocks.
 * - `npm run` and `npx` name a script and a program that exist, wherever a page has them.
 *
 * @returns one text for each problem: page, line and what is wrong.
 */
export async function checkPage({ name, markdown }: Page, surroundings: Surroundings): Promise<readonly string[]> {
  const { blocks, problems } = readBlocks(markdown);
  const found: Problem[] = [...problems, ...missingNames(markdown, surroundings)];
  const commands: Command[] = [];
  for (const block of blocks) {
    if (block.info === "sh") {
      const read = await readCommands(block);
      commands.push(...read.commands);
      found.push(...read.problems);
    } else {
      found.push(...problemsOfData(block));
    }
  }
  found.push(...(await problemsOfCommands(commands, surroundings)));
  return found.toSorted((a, b) => a.line - b.line).map(({ line, what }) => `${name}:${line}: ${what}`);
}

function missingNames(markdown: string, { scripts, programs }: Surroundings): readonly Problem[] {
  return markdown
    .split("\n")
    .flatMap((text, index) =>
      [...text.matchAll(/\b(npm run|npx) (?:--silent )?([\w:-]+)/g)].flatMap(([, runner = "", name = ""]) =>
        (runner === "npx" ? programs : scripts).includes(name)
          ? []
          : [{ line: index + 1, what: `there is nothing that "${runner} ${name}" could run` }],
      ),
    );
}

function problemsOfData({ info, line, lines }: Block): readonly Problem[] {
  switch (info) {
    case "":
    case "text": {
      const index = lines.findIndex((each) => looksLikeCommand(each));
      return index === -1
        ? []
        : [{ line: line + index, what: "this is a command, and the block is not run: call it sh" }];
    }
    case "json":
      try {
        JSON.parse(lines.join("\n"));
        return [];
      } catch (error) {
        return [{ line, what: `this is no JSON: ${String(error)}` }];
      }
    default:
      return [{ line: line - 1, what: `there is no runner for a block of "${info}"` }];
  }
}

async function problemsOfCommands(
  commands: readonly Command[],
  surroundings: Surroundings,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const alone = commands.map(({ text }) => productCommand(text));
  const startedBy = alone.find((command) => command !== undefined && startsService(command)) ?? "npm run dev";
  for (const [index, command] of commands.entries()) {
    const product = alone[index];
    const what = product === undefined ? await problemOf(command, startedBy, surroundings) : optionsProblem(product);
    if (what === undefined) continue;
    problems.push({ line: command.line, what: `${command.text}\n${indented(what)}` });
    if (what === SHELL_ENDED) break;
  }
  return problems;
}

const SHELL_ENDED = "the shell has ended with it, or it took too long";

async function problemOf(
  { text, beside, below }: Command,
  startedBy: string,
  surroundings: Surroundings,
): Promise<string | undefined> {
  const refused = refusal(text);
  if (refused !== undefined) return refused;
  const input = surroundings.entered(text);
  const shown = input === undefined ? beside : undefined;
  if (shown !== undefined && below !== undefined) {
    return "there is a comment beside it and one below: which is its output?";
  }
  const expected = shown ?? below;
  const filled = surroundings.fill(text);
  if (filled.includes("…")) return `there is nothing to put in the place of "…": ${filled}`;
  for (const first of await surroundings.prepare(text, startedBy)) {
    const result = await surroundings.shell.run(first);
    if (result?.exitCode !== 0) return `what has to be run before it fails: ${first}\n${result?.output}`;
  }
  const result = await surroundings.shell.run(filled, { input: input ?? "" });
  if (result === undefined) return SHELL_ENDED;
  const { exitCode, output } = result;
  if (expected !== undefined && !matches(surroundings.fill(expected), output)) {
    return `expected: ${expected}\ngot:      ${output.trim()}`;
  }
  if (expected === undefined && exitCode !== 0) return `expected: exit code 0\ngot:      ${exitCode}\n${output.trim()}`;
  return await surroundings.verify(text);
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}
