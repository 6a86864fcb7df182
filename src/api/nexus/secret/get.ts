import { getSecret } from "../../../secret/get.ts";
import { refused } from "../failure.ts";
import { route } from "../route.ts";
import { readVersion } from "./read-versions.ts";

/** `POST /v1/store/secrets?action=get`: one version's values. */
export const get = route({
  action: "secret.get",
  access: { on: "path", wanted: "read" },
  readShape: readVersion,
  errorBody: (err) => ({ data: null, err }),
  async run({ deps, path }, { number }) {
    if (path === undefined) return refused("bad_request");
    const result = await getSecret(deps, { path, number });
    // The text was JSON when it was written and authentic when it was opened: it needs no second parse.
    return result.ok ? { ok: true, body: `{"data":${result.answer.text}}` } : result;
  },
});
