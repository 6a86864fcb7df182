import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { SYSTEM_SECRET } from "../../../policy/reserved.ts";
import { listSecrets, MAX_NAMES } from "../../../secret/list.ts";
import { parseSecretPath } from "../../../secret/secret-path.ts";
import { operation } from "../operation.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { secretDeps } from "./secret-deps.ts";

/** `POST /v1/store/secrets?action=list`: all paths, or a page of those after `after` that begin with `prefix`. */
export const list = operation({
  action: "secret.list",
  access: { on: SYSTEM_SECRET, wanted: "list", scoped: true },
  deps: secretDeps,
  parse(body: JsonObject) {
    const prefix = stringField(body, "prefix");
    const after = stringField(body, "after");
    const limit = integerField(body, "limit");
    if (!prefix.ok || !after.ok || !limit.ok) return undefined;
    return { prefix: prefix.value, after: after.value, limit: limit.value ?? 0 };
  },
  errorBody: (err) => ({ keys: null, err }),
  async run({ deps, scope }, { prefix, after, limit }) {
    const areValid = [prefix, after].every((path) => path === "" || parseSecretPath(path) !== undefined);
    if (!areValid || limit < 0 || limit > MAX_NAMES) return await refuseIfPermitted(deps, scope);
    const page = { prefix, after, limit: limit === 0 ? undefined : limit };
    const result = await listSecrets(deps, page, scope);
    return result.ok ? { ok: true, body: JSON.stringify({ keys: result.answer }) } : result;
  },
});
