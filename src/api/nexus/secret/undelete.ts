import { undeleteSecret } from "../../../secret/undelete.ts";
import { answerWrite } from "./answer-write.ts";
import { parseVersions } from "./parse-versions.ts";
import { secretOperation } from "./secret-operation.ts";

/** `POST /v1/store/secrets?action=undelete`: restores soft-deleted versions. */
export const undelete = secretOperation({
  action: "secret.undelete",
  wanted: "write",
  parse: parseVersions,
  errorBody: (err) => ({ err }),
  async run(call, { cas, numbers }) {
    return await answerWrite(call, cas, async (request) => await undeleteSecret(call.deps, { ...request, numbers }));
  },
});
