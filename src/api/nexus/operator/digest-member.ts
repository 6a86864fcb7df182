import { text } from "../../../json/member.ts";

/** Confirms what was shown: the digest of the response to the same request without it. Empty: show it. */
export const digestMember = text({ rule: { rule: "must be the digest of the response without it" } });
