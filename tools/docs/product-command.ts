import { CommandError } from "../command/command-error.ts";
import { readDevOptions } from "../dev/options.ts";
import { readOptions } from "../../bench/consistency/options.ts";
import { readOptions as readBenchOptions } from "../../bench/speed/options.ts";

/** What installs, starts or checks the product as a whole: a test can't run it for every page that shows it. */
const ALONE: readonly string[] = [
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
  "npx oxfmt",
];
const DEV = /^npm run dev(?: -- (.*))?$/;
const VERIFY = /^npm run verify:consistency(?: -- (.*))?$/;
const BENCH = /^npm run bench(?: -- (.*))?$/;
const PART =
  /\b(?:npm (?:ci|i|install|update|uninstall|test|run (?:bench|check|demo|dev|dev:database|test:long|test:mutation|verify:\w+))|npx oxfmt|npx wrangler dev)(?![\w:-])/;

/** The last such command of a line that holds no others, such as `npm test` of `npm ci && npm test`. */
export function productCommand(text: string): string | undefined {
  const parts = text.split(" && ");
  const known = (part: string): boolean => ALONE.includes(part) || [DEV, VERIFY, BENCH].some((form) => form.test(part));
  return parts.every(known) ? parts.at(-1) : undefined;
}

export function startsService(command: string): boolean {
  return DEV.test(command);
}

/** Why any other command must not be run at all. */
export function refusal(text: string): string | undefined {
  const [part] = PART.exec(text) ?? [];
  return part === undefined
    ? undefined
    : `"${part}" is not run by this test: show it alone, or with others of its kind`;
}

/** What is wrong with the options of such a command. */
export function optionsProblem(command: string): string | undefined {
  const dev = DEV.exec(command)?.[1]?.split(" ");
  const verify = VERIFY.exec(command)?.[1]?.split(" ");
  const bench = BENCH.exec(command)?.[1]?.split(" ");
  try {
    if (dev !== undefined) readDevOptions(dev, {});
    if (verify !== undefined) readOptions(verify);
    if (bench !== undefined) readBenchOptions(bench);
    return undefined;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return error.message;
  }
}
