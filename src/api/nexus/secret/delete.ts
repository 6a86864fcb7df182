import { deleteSecret } from "../../../secret/delete.ts";
import { answerWrite } from "./answer-write.ts";
import { parseVersions } from "./parse-versions.ts";
import { secretOperation } from "./secret-operation.ts";

/** `POST /v1/store/secrets?action=delete`: soft-deletes versions. */
export const remove = secretOperation({
  action: "secret.delete",
  wanted: "write",
  parse: parseVersions,
  errorBody: (err) => ({ err }),
  async run(call, { cas, numbers }) {
    return await answerWrite(call, cas, async (request) => await deleteSecret(call.deps, { ...request, numbers }));
  },
});
