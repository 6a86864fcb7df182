import { MAX_BEYOND } from "../../../commit/generation.ts";
import { integer } from "../../../json/member.ts";
import { startGeneration } from "../../../repair/start-generation.ts";
import { operation } from "../operation.ts";

/**
 * `POST /v1/operator/store?action=restored`: puts a database that was restored from a backup into service. All later revisions are
 * above `beyond`, the highest revision that anyone has seen.
 */
export const restored = operation({
  action: "operator.restored",
  access: { on: "nothing" },
  deps: ({ write }) => write,
  members: { beyond: integer({ min: 0, max: MAX_BEYOND, required: true }) },
  errorBody: (err) => ({ err }),
  async run({ deps, origin }, { beyond = 0 }) {
    const result = await startGeneration(deps, { beyond, ...origin });
    return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
  },
});
