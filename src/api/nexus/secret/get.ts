import { getSecret } from "../../../secret/get.ts";
import { integerField, stringField } from "../../json-fields.ts";
import type { JsonObject } from "../../json-object.ts";
import { refused } from "../failure.ts";
import { route } from "../route.ts";

/** `POST /v1/store/secrets?action=get`: one version's values. */
export const get = route({
  writes: false,
  readShape(body: JsonObject) {
    const path = stringField(body, "path");
    const version = integerField(body, "version");
    return path.ok && version.ok ? { path: path.value, number: version.value ?? 0 } : undefined;
  },
  errorBody: (err) => ({ data: null, err }),
  async run({ room, path }, { number }) {
    if (path === undefined) return refused("bad_request");
    const result = await getSecret(room, { path, number });
    // The text was JSON when it was written and authentic when it was opened: it needs no second parse.
    return result.ok ? { ok: true, body: `{"data":${result.answer.text}}` } : result;
  },
});
