import { readOptions as readConsistencyOptions } from "../../bench/consistency/options.ts";
import { readBenchOptions } from "../../bench/speed/options.ts";
import { CommandError } from "../command/command-error.ts";
import { readDevOptions } from "../dev/options.ts";

/** Commands that install, start or check the whole product. They take too long to run for every page that shows them. */
const PRODUCT_COMMANDS: readonly string[] = [
  "npm ci",
  "npm test",
  "npm run check",
  "npm run test:long",
  "npm run test:mutation",
  "npm run demo",
  "npm run dev",
  "npm run dev:database",
  "npx wrangler dev",
  "npm run verify:planted",
  "npm run bench:replica",
  "npx oxfmt",
];
const DEV = /^npm run dev(?: -- (.*))?$/;
const CONSISTENCY = /^npm run verify:consistency(?: -- (.*))?$/;
const BENCH = /^npm run bench(?: -- (.*))?$/;
const CONTAINS_PRODUCT_COMMAND =
  /\b(?:npm (?:ci|i|install|update|uninstall|test|run (?:bench|bench:replica|check|demo|dev|dev:database|test:long|test:mutation|verify:\w+))|npx oxfmt|npx wrangler dev)(?![\w:-])/;

/** The last command of a line that consists of product commands only, such as `npm test` in `npm ci && npm test`. */
export function lastProductCommand(text: string): string | undefined {
  const parts = text.split(" && ");
  const isProductCommand = (part: string): boolean =>
    PRODUCT_COMMANDS.includes(part) || [DEV, CONSISTENCY, BENCH].some((pattern) => pattern.test(part));
  return parts.every(isProductCommand) ? parts.at(-1) : undefined;
}

export function startsService(command: string): boolean {
  return DEV.test(command);
}

/** Why a line that mixes product commands with other commands must not be run. */
export function findRefusal(text: string): string | undefined {
  const [command] = CONTAINS_PRODUCT_COMMAND.exec(text) ?? [];
  return command === undefined
    ? undefined
    : `this test does not run "${command}": put it on a line without other kinds of commands`;
}

/** Checks the options of a product command. */
export function findOptionsProblem(command: string): string | undefined {
  const dev = DEV.exec(command)?.[1]?.split(" ");
  const consistency = CONSISTENCY.exec(command)?.[1]?.split(" ");
  const bench = BENCH.exec(command)?.[1]?.split(" ");
  try {
    if (dev !== undefined) readDevOptions(dev, {});
    if (consistency !== undefined) readConsistencyOptions(consistency, {});
    if (bench !== undefined) readBenchOptions(bench);
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.message;
  }
}
