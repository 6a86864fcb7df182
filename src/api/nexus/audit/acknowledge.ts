import { acknowledgeFaults } from "../../../audit/acknowledge.ts";
import { integer, text } from "../../../json/member.ts";
import { operation } from "../operation.ts";

const DIGEST_RULE = { rule: "must be the digest of a verification" } as const;

/**
 * `POST /v1/audit?action=acknowledge`: records that the superuser knows about the audit entries that are missing or do not
 * verify, as a verification has listed them. The superuser belongs to a configured trust domain: no stored bundle can prove it.
 */
export const acknowledge = operation({
  action: "audit.acknowledge",
  access: { on: "nothing" },
  deps: ({ write }) => write,
  members: {
    after: integer({ min: 0 }),
    upTo: integer({ min: 0, required: true }),
    digest: text({ required: true, rule: DIGEST_RULE }),
  },
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { after = 0, upTo = 0, digest }) {
    const result = await acknowledgeFaults(deps, { after, upTo, digest, ...origin });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
