import { MIN_KEPT_DAYS, pruneAudit } from "../../../audit/prune-audit.ts";
import { integerField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refused } from "../failure.ts";
import { route } from "../route.ts";

/** A hundred years: what is longer is a slip. */
const MAX_KEPT_DAYS = 36_500;

/** `POST /v1/audit?action=prune`: deletes audit entries older than `days`, except the newest of each resource. */
export const prune = route({
  action: "audit.prune",
  access: { on: "nothing" },
  readShape(body: JsonObject) {
    const days = integerField(body, "days");
    return days.ok ? { days: days.value ?? 0 } : undefined;
  },
  errorBody: (err) => ({ err }),
  async run({ deps, caller, idempotencyKey, traceId }, { days }) {
    if (days < MIN_KEPT_DAYS || days > MAX_KEPT_DAYS) return refused("bad_request");
    const result = await pruneAudit(deps, { days, caller, idempotencyKey, traceId });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
