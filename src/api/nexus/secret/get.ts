import { getSecret } from "../../../secret/get.ts";
import { parseVersion } from "./parse-versions.ts";
import { secretOperation } from "./secret-operation.ts";

/** `POST /v1/store/secrets?action=get`: the values of one version. */
export const get = secretOperation({
  action: "secret.get",
  wanted: "read",
  parse: parseVersion,
  errorBody: (err) => ({ data: null, err }),
  async run({ deps, path }, { number }) {
    const result = await getSecret(deps, { path, number });
    // The text was valid JSON when it was written, and its authenticity was verified. It is not parsed again.
    return result.ok ? { ok: true, body: `{"data":${result.answer.text}}` } : result;
  },
});
