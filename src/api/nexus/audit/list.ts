import { readAudit } from "../../../audit/read-audit.ts";
import { integer, text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { parseWireTime } from "../wire-time.ts";
import { wireEntry } from "./wire-entry.ts";

const MAX_ENTRIES = 1000;
const DEFAULT_ENTRIES = 100;

const TIME_RULE = { rule: "must be a time of RFC 3339, such as 2026-01-31T12:00:00Z" } as const;

function isTime(time: string): boolean {
  return parseWireTime(time) !== "malformed";
}

/** `POST /v1/audit?action=list`: a page of stored audit entries, filtered by resource, identity, time and revision. */
export const list = operation({
  action: "audit.list",
  access: { on: "nothing" },
  deps: ({ write }) => write,
  members: {
    resource: text(),
    spiffeId: text(),
    from: text({ rule: TIME_RULE, isValid: isTime }),
    until: text({ rule: TIME_RULE, isValid: isTime }),
    after: integer({ min: 0 }),
    limit: integer({ min: 1, max: MAX_ENTRIES }),
  },
  errorBody: (err) => ({ entries: null, err }),
  async run({ deps }, { resource, spiffeId, from, until, after = 0, limit = DEFAULT_ENTRIES }) {
    const [fromMs, untilMs] = [from, until].map((time) => (time === "" ? undefined : parseWireTime(time)));
    const page = await readAudit(deps, {
      after,
      limit,
      ...(resource !== "" && { resource }),
      ...(spiffeId !== "" && { spiffeId }),
      ...(typeof fromMs === "number" && { from: fromMs }),
      ...(typeof untilMs === "number" && { until: untilMs }),
    });
    const { entries, next, revision } = page;
    return { ok: true, body: JSON.stringify({ entries: entries.map(wireEntry), next, revision }) };
  },
});
