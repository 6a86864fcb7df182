import { text } from "../../../json/member.ts";
import { parseTrustDomain } from "../../../identity/spiffe-id.ts";
import { refreshBundle } from "../../../trust/refresh.ts";
import { operation } from "../operation.ts";
import { TRUST_DOMAIN_RULE } from "../../../trust/storable-domain.ts";
import { trustDeps } from "./trust-deps.ts";

/** `POST /v1/trust/bundle?action=refresh`: fetches a bundle from its endpoint now, before it is due. */
export const refresh = operation({
  action: "bundle.refresh",
  access: { on: "nothing" },
  deps(source) {
    const { fetch, requestTimeoutMs } = source.service;
    // The other half of the time is left for storing the bundle.
    return { ...trustDeps(source), fetch, timeoutMs: requestTimeoutMs / 2 };
  },
  members: { trustDomain: text({ rule: TRUST_DOMAIN_RULE }) },
  resource: ({ trustDomain }) => parseTrustDomain(trustDomain) && `bundle:${trustDomain}`,
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { trustDomain }) {
    const { caller, traceId } = origin;
    const { fetch, timeoutMs } = deps;
    const result = await refreshBundle(deps, { trustDomain, caller, traceId }, { fetch, timeoutMs });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
