import { proposeAuthority, rebuildAuthority } from "../../../repair/rebuild-authority.ts";
import { digestMember } from "./digest-member.ts";
import { operation } from "../operation.ts";
import { wireTime } from "../wire-time.ts";

/**
 * `POST /v1/operator/rebuild?action=authority`: rebuilds the authority trie from the policies and trust bundles that the database
 * shows now. Without `digest` it changes nothing and lists them.
 */
export const rebuildTrie = operation({
  action: "operator.rebuild.authority",
  access: { on: "nothing" },
  deps: ({ write }) => write,
  members: { digest: digestMember },
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { digest }) {
    if (digest !== "") {
      const result = await rebuildAuthority(deps, { digest, ...origin });
      if (!result.ok) return result;
      const { rows, revision } = result.answer;
      return { ok: true, body: JSON.stringify({ rebuilt: rows, revision }) };
    }
    const proposed = await proposeAuthority(deps);
    if (!proposed.ok) return proposed;
    const { rows, ...rest } = proposed.answer;
    const listed = rows.map(({ resource, version, updatedAt }) => ({
      resource,
      version,
      updatedTime: updatedAt === null ? null : wireTime(updatedAt),
    }));
    return { ok: true, body: JSON.stringify({ rows: listed, ...rest }) };
  },
});
