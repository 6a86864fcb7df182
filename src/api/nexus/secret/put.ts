import { putSecret } from "../../../secret/put.ts";
import { integer } from "../../../json/member.ts";
import { answerWrite } from "./answer-write.ts";
import { pathMember } from "./path-member.ts";
import { secretOperation } from "./secret-operation.ts";
import { valuesMember } from "./values-member.ts";

/** `POST /v1/store/secrets`: writes a new version. */
export const put = secretOperation({
  action: "secret.put",
  wanted: "write",
  members: { path: pathMember, values: valuesMember, cas: integer({ min: 0 }) },
  errorBody: (err) => ({ err }),
  async run({ deps, origin, path }, { values, cas }) {
    return answerWrite(await putSecret(deps, { ...origin, path, cas, text: values.text }));
  },
});
