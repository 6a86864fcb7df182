import { MIN_KEPT_DAYS, pruneAudit } from "../../../audit/prune-audit.ts";
import { integerField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refused } from "../failure.ts";
import { operation } from "../operation.ts";

/** A hundred years. A longer time is a mistake. */
const MAX_KEPT_DAYS = 36_500;

/** `POST /v1/audit?action=prune`: deletes audit entries older than `days`, except the newest of each resource. */
export const prune = operation({
  action: "audit.prune",
  access: { on: "nothing" },
  deps: ({ write }) => write,
  parse(body: JsonObject) {
    const days = integerField(body, "days");
    return days.ok ? { days: days.value ?? 0 } : undefined;
  },
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { days }) {
    if (days < MIN_KEPT_DAYS || days > MAX_KEPT_DAYS) return refused("bad_request");
    const result = await pruneAudit(deps, { days, ...origin });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
