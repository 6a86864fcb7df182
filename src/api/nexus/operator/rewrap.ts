import { formatCursor, parseCursor, START } from "../../../rotation/cursor.ts";
import { MAX_ROWS, rewrapRows } from "../../../rotation/rewrap.ts";
import { integer, text } from "../../../json/member.ts";
import { operation } from "../operation.ts";
import { rotationDeps } from "./rotation-deps.ts";

const CURSOR_RULE = { rule: "must be the next of the previous page" } as const;

/** `POST /v1/operator/rewrap`: rewraps a page of rows under the ring's first key. */
export const rewrap = operation({
  action: "operator.rewrap",
  access: { on: "nothing" },
  deps: rotationDeps,
  members: {
    after: text({ rule: CURSOR_RULE, isValid: (cursor) => parseCursor(cursor) !== undefined }),
    limit: integer({ min: 1, max: MAX_ROWS }),
  },
  errorBody: (err) => ({ rewrapped: 0, err }),
  async run({ deps, origin }, { after, limit = MAX_ROWS }) {
    const cursor = parseCursor(after) ?? START;
    const { caller, traceId } = origin;
    const result = await rewrapRows(deps, { caller, traceId, cursor, limit });
    if (!result.ok) return result;
    const { next, revision, ...rest } = result.answer;
    return { ok: true, body: JSON.stringify({ ...rest, next: next && formatCursor(next), revision }) };
  },
});
