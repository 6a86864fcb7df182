import { failure, success, type Outcome } from "./outcome.ts";
import type { Statement } from "./request.ts";
import type { SqlValue } from "./value.ts";

/**
 * Puts the arguments of a statement in the order of its parameters, every one of them filled.
 *
 * Both properties matter: given names the `libsql` package ends the process when one is missing, and a statement
 * that it has run before keeps the old value of a parameter that is left out.
 */
export function bindArguments(
  parameters: readonly (string | null)[],
  { args, namedArgs }: Pick<Statement, "args" | "namedArgs">,
): Outcome<SqlValue[]> {
  if (args.length > 0 && namedArgs.length > 0) {
    return failure("ARGS_BOTH_POSITIONAL_AND_NAMED", "Cannot bind positional and named arguments to one statement");
  }
  const given = args.length + namedArgs.length;
  if (given > parameters.length) {
    return failure("ARGS_INVALID", `Cannot bind ${given} arguments: the statement has ${parameters.length} parameters`);
  }
  const named = new Map(namedArgs.map(({ name, value }) => [name, value]));
  const bound: SqlValue[] = [];
  for (const [index, name] of parameters.entries()) {
    const value = namedArgs.length > 0 ? namedValue(named, name) : args[index];
    if (value === undefined) {
      return failure("ARGS_INVALID", `Cannot bind parameter ${name ?? index + 1}: no argument was given for it`);
    }
    bound.push(value);
  }
  return success(bound);
}

function namedValue(named: ReadonlyMap<string, SqlValue>, name: string | null): SqlValue | undefined {
  if (name === null) {
    return undefined;
  }
  const exact = named.get(name);
  return exact === undefined ? named.get(name.slice(1)) : exact;
}
