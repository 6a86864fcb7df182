import { formatCursor, parseCursor } from "../../../rotation/cursor.ts";
import { MAX_ROWS, rewrapRows } from "../../../rotation/rewrap.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refused } from "../failure.ts";
import { operation } from "../operation.ts";
import { rotationDeps } from "./rotation-deps.ts";

/** `POST /v1/operator/rewrap`: rewraps a page of rows under the ring's first key. */
export const rewrap = operation({
  action: "operator.rewrap",
  access: { on: "nothing" },
  deps: rotationDeps,
  parse(body: JsonObject) {
    const after = stringField(body, "after");
    const limit = integerField(body, "limit");
    return after.ok && limit.ok ? { after: after.value, limit: limit.value ?? MAX_ROWS } : undefined;
  },
  errorBody: (err) => ({ rewrapped: 0, err }),
  async run({ deps, origin }, { after, limit }) {
    const cursor = parseCursor(after);
    if (cursor === undefined || limit < 1 || limit > MAX_ROWS) return refused("bad_request");
    const { caller, traceId } = origin;
    const result = await rewrapRows(deps, { caller, traceId, cursor, limit });
    if (!result.ok) return result;
    const { next, revision, ...rest } = result.answer;
    return { ok: true, body: JSON.stringify({ ...rest, next: next && formatCursor(next), revision }) };
  },
});
