import { parseArgs, type ParseArgsConfig } from "node:util";
import { usageError } from "./command-error.ts";

interface Option {
  readonly type: "string" | "boolean";
  /** The option may be repeated. */
  readonly multiple?: true;
}

type Options = Readonly<Record<string, Option>>;

type Value<Each extends Option> = Each["type"] extends "boolean" ? boolean : string;

type Given<Each extends Options> = {
  readonly [Name in keyof Each]?: Each[Name] extends { readonly multiple: true }
    ? readonly Value<Each[Name]>[]
    : Value<Each[Name]>;
};

/**
 * Parses the options of a command that takes no positional arguments. `--port=` gives an empty text.
 *
 * @returns `"help"` for `--help` and `-h`.
 * @throws CommandError with exit code 2
 */
export function parseCommandLine<const Each extends Options>(
  args: readonly string[],
  options: Each,
): Given<Each> | "help" {
  const { help, ...values } = parse(args, { ...options, help: { type: "boolean", short: "h" } });
  if (help === true) return "help";
  // Exactly the names and types of `options`: parseArgs is strict.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return values as Given<Each>;
}

function parse(args: readonly string[], options: NonNullable<ParseArgsConfig["options"]>) {
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
      throw usageError(`Cannot read the command line: ${error.message}`, error);
    }
    throw error;
  }
}
