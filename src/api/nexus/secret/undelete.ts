import { undeleteSecret } from "../../../secret/undelete.ts";
import { integer, integers } from "../../../json/member.ts";
import { answerWrite } from "./answer-write.ts";
import { pathMember } from "./path-member.ts";
import { secretOperation } from "./secret-operation.ts";

/** `POST /v1/store/secrets?action=undelete`: restores soft-deleted versions. */
export const undelete = secretOperation({
  action: "secret.undelete",
  wanted: "write",
  members: { path: pathMember, versions: integers(), cas: integer({ min: 0 }) },
  errorBody: (err) => ({ err }),
  async run({ deps, origin, path }, { versions, cas }) {
    return answerWrite(await undeleteSecret(deps, { ...origin, path, cas, numbers: versions }));
  },
});
