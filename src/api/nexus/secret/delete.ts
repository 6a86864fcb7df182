import { deleteSecret } from "../../../secret/delete.ts";
import { integer, integers } from "../../../json/member.ts";
import { answerWrite } from "./answer-write.ts";
import { pathMember } from "./path-member.ts";
import { secretOperation } from "./secret-operation.ts";

/** `POST /v1/store/secrets?action=delete`: soft-deletes versions. */
export const softDelete = secretOperation({
  action: "secret.delete",
  wanted: "write",
  members: { path: pathMember, versions: integers(), cas: integer({ min: 0 }) },
  errorBody: (err) => ({ err }),
  async run({ deps, origin, path }, { versions, cas }) {
    return answerWrite(await deleteSecret(deps, { ...origin, path, cas, numbers: versions }));
  },
});
