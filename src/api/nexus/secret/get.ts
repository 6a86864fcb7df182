import { getSecret } from "../../../secret/get.ts";
import { integer } from "../../../json/member.ts";
import { pathMember } from "./path-member.ts";
import { secretOperation } from "./secret-operation.ts";

/** `POST /v1/store/secrets?action=get`: the values of one version. */
export const get = secretOperation({
  action: "secret.get",
  wanted: "read",
  isRead: true,
  members: { path: pathMember, version: integer() },
  errorBody: (err) => ({ data: null, err }),
  async run({ deps, path }, { version = 0 }) {
    const result = await getSecret(deps, { path, number: version });
    if (!result.ok) return result;
    const { number, text } = result.answer;
    // The text was valid JSON when it was written, and its authenticity was verified. It is not parsed again.
    return { ok: true, body: `{"data":${text}}`, versions: [number] };
  },
});
