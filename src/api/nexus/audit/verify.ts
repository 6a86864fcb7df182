import { encodeBase64url } from "../../../encoding/base64.ts";
import { verifyAudit } from "../../../audit/verify-audit.ts";
import { integerField } from "../../../json/json-fields.ts";
import type { JsonObject } from "../../../json/json-object.ts";
import { refused } from "../failure.ts";
import { route } from "../route.ts";

/** Long enough for all but the largest audits, and well within what a client waits. */
const LONGEST_MS = 3000;

/** `POST /v1/audit?action=verify`: walks the stored audit and reports gaps, broken chains and entries that are not ours. */
export const verify = route({
  action: "audit.verify",
  access: { on: "nothing" },
  readShape(body: JsonObject) {
    const after = integerField(body, "after");
    return after.ok ? { after: after.value ?? 0 } : undefined;
  },
  errorBody: (err) => ({ entries: 0, problems: null, err }),
  async run({ deps, timeoutMs }, { after }) {
    if (after < 0) return refused("bad_request");
    const maxMs = Math.min(LONGEST_MS, timeoutMs / 2);
    const { newest, unverified, ...report } = await verifyAudit(deps, { after, maxMs });
    const gone = [...unverified].map(([keyId, entries]) => ({ keyId, entries }));
    const body = {
      ...report,
      ...(gone.length > 0 && { unverified: gone }),
      newest: newest && encodeBase64url(newest),
    };
    return { ok: true, body: JSON.stringify(body) };
  },
});
