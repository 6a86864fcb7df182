import { integer } from "../../../json/member.ts";
import { SYSTEM_SECRET } from "../../../policy/reserved.ts";
import { listSecrets, MAX_NAMES } from "../../../secret/list.ts";
import { operation } from "../operation.ts";
import { optionalPath } from "./path-member.ts";
import { secretDeps } from "./secret-deps.ts";

/** `POST /v1/store/secrets?action=list`: all paths, or a page of those after `after` that begin with `prefix`. */
export const list = operation({
  action: "secret.list",
  access: { on: SYSTEM_SECRET, wanted: "list", scoped: true },
  deps: secretDeps,
  members: { prefix: optionalPath, after: optionalPath, limit: integer({ min: 0, max: MAX_NAMES }) },
  errorBody: (err) => ({ keys: null, err }),
  async run({ deps, scope }, { prefix, after, limit = 0 }) {
    const page = { prefix, after, limit: limit === 0 ? undefined : limit };
    const result = await listSecrets(deps, page, scope);
    return result.ok ? { ok: true, body: JSON.stringify({ keys: result.answer }) } : result;
  },
});
