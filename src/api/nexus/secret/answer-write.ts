import type { SecretResult } from "../../../secret/failure.ts";
import type { Written } from "../../../secret/write.ts";
import type { Answer } from "../failure.ts";

/** Answers a write of one secret with the resulting version and revision. */
export function answerWrite(result: SecretResult<Written>): Answer {
  if (!result.ok) return result;
  const { version, revision, versions, missing } = result.answer;
  return {
    ok: true,
    body: JSON.stringify({ version, revision }),
    ...(versions !== undefined && { versions }),
    ...(missing !== undefined && { warnings: [missingText(missing)] }),
  };
}

function missingText({ numbers, count }: NonNullable<Written["missing"]>): string {
  const more = count > numbers.length ? ` and ${count - numbers.length} more` : "";
  return `These versions do not exist, so nothing was done about them: ${numbers.join(", ")}${more}.`;
}
