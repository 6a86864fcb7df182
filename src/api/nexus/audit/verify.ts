import { encodeBase64url } from "../../../encoding/base64.ts";
import { verifyAudit } from "../../../audit/verify-audit.ts";
import { integer } from "../../../json/member.ts";
import { operation } from "../operation.ts";

/** Enough for all but the largest audits, and well below the timeouts of clients. */
const MAX_MS = 3000;

/**
 * `POST /v1/audit?action=verify`: verifies the stored audit, and reports gaps, broken chains and
 * entries that this service did not write.
 */
export const verify = operation({
  action: "audit.verify",
  access: { on: "nothing" },
  deps: ({ write, service }) => ({ ...write, maxMs: Math.min(MAX_MS, service.requestTimeoutMs / 2) }),
  members: { after: integer({ min: 0 }) },
  errorBody: (err) => ({ entries: 0, problems: null, err }),
  async run({ deps }, { after = 0 }) {
    const { newest, unverified, ...report } = await verifyAudit(deps, { after, maxMs: deps.maxMs });
    const missingKeys = [...unverified].map(([keyId, entries]) => ({ keyId, entries }));
    const body = {
      ...report,
      ...(missingKeys.length > 0 && { unverified: missingKeys }),
      newest: newest && encodeBase64url(newest),
    };
    return { ok: true, body: JSON.stringify(body) };
  },
});
