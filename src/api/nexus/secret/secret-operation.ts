import { badRequest } from "../failure.ts";
import type { Member } from "../../../json/member.ts";
import type { Members, ValuesOf } from "../../../json/read-members.ts";
import type { RemovalDeps } from "../../../secret/remove.ts";
import { PATH_RULE, type SecretPath } from "../../../secret/secret-path.ts";
import type { Answer } from "../failure.ts";
import { type Operation, operation, type OperationCall, type OperationDefinition } from "../operation.ts";
import { secretDeps } from "./secret-deps.ts";

interface SecretCall extends OperationCall<RemovalDeps> {
  readonly path: SecretPath;
}

interface SecretOperation<M extends Members> extends Pick<
  OperationDefinition<M, RemovalDeps>,
  "action" | "members" | "errorBody" | "isRead"
> {
  /** The permission on the secret's path. */
  readonly wanted: "read" | "write" | "super";
  run(call: SecretCall, input: ValuesOf<M>): Promise<Answer>;
}

/** An operation on one secret, the one at the input's `path`. */
export function secretOperation<M extends Members & { readonly path: Member<string> }>(
  definition: SecretOperation<M>,
): Operation {
  const { action, members, wanted } = definition;
  return operation({
    action,
    access: { on: "path", wanted },
    ...(definition.isRead && { isRead: true }),
    members,
    deps: secretDeps,
    errorBody: (err) => definition.errorBody(err),
    async run(call, input) {
      const { path } = call;
      if (path === undefined) return badRequest({ member: "path", ...PATH_RULE });
      return await definition.run({ ...call, path }, input);
    },
  });
}
