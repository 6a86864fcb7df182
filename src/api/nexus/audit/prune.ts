import { MIN_KEPT_DAYS, pruneAudit } from "../../../audit/prune-audit.ts";
import { integer } from "../../../json/member.ts";
import { operation } from "../operation.ts";

/** A hundred years. A longer time is a mistake. */
const MAX_KEPT_DAYS = 36_500;

/** `POST /v1/audit?action=prune`: deletes audit entries older than `days`, except the newest of each resource. */
export const prune = operation({
  action: "audit.prune",
  access: { on: "nothing" },
  deps: ({ write }) => write,
  members: { days: integer({ min: MIN_KEPT_DAYS, max: MAX_KEPT_DAYS, required: true }) },
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { days = MAX_KEPT_DAYS }) {
    const result = await pruneAudit(deps, { days, ...origin });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
