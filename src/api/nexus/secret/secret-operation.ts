import type { SecretDeps } from "../../../secret/deps.ts";
import type { SecretPath } from "../../../secret/secret-path.ts";
import { type Answer, refused } from "../failure.ts";
import { type Operation, operation, type OperationCall, type OperationDefinition } from "../operation.ts";
import { secretDeps } from "./secret-deps.ts";

export interface SecretCall extends OperationCall<SecretDeps> {
  readonly path: SecretPath;
}

interface SecretOperation<Input extends { readonly path: string }> extends Pick<
  OperationDefinition<Input, SecretDeps>,
  "action" | "parse" | "errorBody"
> {
  /** The permission on the secret's path. */
  readonly wanted: "read" | "write";
  run(call: SecretCall, input: Input): Promise<Answer>;
}

/** An operation on one secret, the one at the input's `path`. */
export function secretOperation<Input extends { readonly path: string }>(
  definition: SecretOperation<Input>,
): Operation {
  const { action, wanted } = definition;
  return operation({
    action,
    access: { on: "path", wanted },
    deps: secretDeps,
    parse: (body) => definition.parse(body),
    errorBody: (err) => definition.errorBody(err),
    async run(call, input) {
      const { path } = call;
      return path === undefined ? refused("bad_request") : await definition.run({ ...call, path }, input);
    },
  });
}
