import { proposeStore, rebuildStore } from "../../../repair/rebuild-store.ts";
import { digestMember } from "./digest-member.ts";
import { operation } from "../operation.ts";
import { wireTime } from "../wire-time.ts";

/**
 * `POST /v1/operator/rebuild?action=store`: rebuilds a damaged store row from the audit. Without `digest` it changes nothing and
 * shows what would be rebuilt.
 */
export const rebuildStoreRow = operation({
  action: "operator.rebuild.store",
  access: { on: "nothing" },
  deps: ({ write }) => write,
  members: { digest: digestMember },
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { digest }) {
    if (digest !== "") {
      const result = await rebuildStore(deps, { digest, ...origin });
      return result.ok ? { ok: true, body: JSON.stringify({ revision: result.answer.revision }) } : result;
    }
    const proposed = await proposeStore(deps);
    if (!proposed.ok) return proposed;
    if (proposed.answer === undefined) return { ok: true, body: JSON.stringify({ damaged: false }) };
    const { store, basedOn, newest, fitsTrie } = proposed.answer;
    const { revision, epoch, auditFloor, acknowledged, keyId } = store;
    const body = {
      damaged: true,
      store: { revision, epoch, auditFloor, acknowledged, keyId },
      ...(basedOn && { basedOn: { revision: basedOn.revision, resource: basedOn.resource, action: basedOn.action } }),
      newest: { time: wireTime(newest.at), resource: newest.resource, action: newest.action },
      fitsTrie,
      digest: proposed.answer.digest,
    };
    return { ok: true, body: JSON.stringify(body) };
  },
});
