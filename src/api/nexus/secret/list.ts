import { SYSTEM_SECRET } from "../../../policy/reserved.ts";
import { listSecrets, MAX_NAMES } from "../../../secret/list.ts";
import { parseSecretPath } from "../../../secret/secret-path.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { route } from "../route.ts";

/** `POST /v1/store/secrets?action=list`: paths, all of them or those from `after` on that begin with `prefix`. */
export const list = route({
  action: "secret.list",
  access: { on: SYSTEM_SECRET, wanted: "list", scoped: true },
  readShape(body: JsonObject) {
    const prefix = stringField(body, "prefix");
    const after = stringField(body, "after");
    const limit = integerField(body, "limit");
    if (!prefix.ok || !after.ok || !limit.ok) return undefined;
    return { prefix: prefix.value, after: after.value, limit: limit.value ?? 0 };
  },
  errorBody: (err) => ({ keys: null, err }),
  async run(call, { prefix, after, limit }) {
    const readable = [prefix, after].every((text) => text === "" || parseSecretPath(text) !== undefined);
    if (!readable || limit < 0 || limit > MAX_NAMES) return await refuseIfPermitted(call);
    const asked = { prefix, after, limit: limit === 0 ? undefined : limit };
    const result = await listSecrets(call.deps, asked, call.scope);
    return result.ok ? { ok: true, body: JSON.stringify({ keys: result.answer }) } : result;
  },
});
