import { HranaFailure } from "./errors.ts";
import type { Statement } from "./hrana.ts";
import { decodeValue, type SqlValue } from "./value.ts";

/**
 * Puts arguments in the order of the statement's parameters. Each parameter needs one: a statement that the `libsql`
 * package runs again keeps the previous value of a parameter that is left out.
 */
export function bindArguments(parameters: readonly string[], { args, named_args }: Statement): SqlValue[] {
  const positional = args ?? [];
  const named = new Map(named_args?.map(({ name, value }) => [name, value]));
  const count = positional.length + named.size;
  if (count > parameters.length) {
    const message = `Cannot bind ${count} arguments: the statement has ${parameters.length} parameters`;
    throw new HranaFailure("ARGS_INVALID", message);
  }
  return parameters.map((name, index) => {
    const value = named.get(name) ?? named.get(name.slice(1)) ?? positional[index];
    if (value === undefined) {
      const parameter = name === "" ? index + 1 : name;
      throw new HranaFailure("ARGS_INVALID", `Cannot bind parameter ${parameter}: it has no argument`);
    }
    return decodeValue(value);
  });
}
