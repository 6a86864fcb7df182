import { encodeBase64url } from "../../../encoding/base64.ts";
import { readAudit, type ReadEntry } from "../../../audit/read-audit.ts";
import { integerField, stringField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refused } from "../failure.ts";
import { operation } from "../operation.ts";
import { parseWireTime, wireTime } from "../wire-time.ts";

const MAX_ENTRIES = 1000;
const DEFAULT_ENTRIES = 100;

/** `POST /v1/audit?action=list`: a page of stored audit entries, filtered by resource, identity, time and revision. */
export const list = operation({
  action: "audit.list",
  access: { on: "nothing" },
  deps: ({ write }) => write,
  parse(body: JsonObject) {
    const [resource, spiffeId, from, until] = ["resource", "spiffeId", "from", "until"].map((name) =>
      stringField(body, name),
    );
    const after = integerField(body, "after");
    const limit = integerField(body, "limit");
    if (!resource?.ok || !spiffeId?.ok || !from?.ok || !until?.ok || !after.ok || !limit.ok) return undefined;
    return {
      resource: resource.value,
      spiffeId: spiffeId.value,
      from: from.value,
      until: until.value,
      after: after.value ?? 0,
      limit: limit.value ?? DEFAULT_ENTRIES,
    };
  },
  errorBody: (err) => ({ entries: null, err }),
  async run({ deps }, { resource, spiffeId, from, until, after, limit }) {
    const times = [from, until].map((text) => (text === "" ? undefined : parseWireTime(text)));
    if (times.includes("malformed") || after < 0 || limit < 1 || limit > MAX_ENTRIES) return refused("bad_request");
    const [fromMs, untilMs] = times;
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

function wireEntry({ entry, authentic }: ReadEntry): object {
  const { revision, at, spiffeId, action, resource, seq, outcome, traceId, writeId, base, epoch, keyId } = entry;
  return {
    revision,
    // The stored value of a forged entry may not be a valid time.
    time: authentic ? wireTime(at) : String(at),
    spiffeId,
    action,
    resource,
    // The outcome of a forged entry may not be valid JSON.
    outcome: authentic ? JSON.parse(outcome) : outcome,
    traceId,
    seq,
    writeId,
    base,
    epoch,
    keyId,
    mac: encodeBase64url(entry.mac),
    authentic,
  };
}
