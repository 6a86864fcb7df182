import { integer, text } from "../../../json/member.ts";
import { SYSTEM_SECRET } from "../../../policy/reserved.ts";
import { listSecrets } from "../../../secret/list.ts";
import { isPlace, parsePlace, PLACE_RULE } from "../../../secret/list-cursor.ts";
import { MAX_NAMES } from "../../../secret/list-walk.ts";
import { operation } from "../operation.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import { optionalPath } from "./path-member.ts";
import { secretDeps } from "./secret-deps.ts";

/** `POST /v1/store/secrets?action=list`: all paths, or a page of those after `after` that begin with `prefix`. */
export const list = operation({
  action: "secret.list",
  access: { on: SYSTEM_SECRET, wanted: "list", scoped: true },
  isRead: true,
  deps: secretDeps,
  members: {
    prefix: optionalPath,
    after: text({ rule: PLACE_RULE, isValid: isPlace }),
    limit: integer({ min: 0, max: MAX_NAMES }),
  },
  errorBody: (err) => ({ keys: null, err }),
  async run({ deps, scope }, { prefix, after, limit = 0 }) {
    const place = await parsePlace(deps.ring, after, scope?.caller);
    if (place === undefined) return await refuseIfPermitted(deps, { member: "after", ...PLACE_RULE }, scope);
    const page = { prefix, after: place, limit: limit === 0 ? undefined : limit };
    const result = await listSecrets(deps, page, scope);
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
