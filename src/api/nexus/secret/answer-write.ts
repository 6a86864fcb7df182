import type { SecretResult } from "../../../secret/failure.ts";
import type { WriteRequest, Written } from "../../../secret/write.ts";
import type { Answer } from "../failure.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import type { SecretCall } from "./secret-operation.ts";

/** Writes one secret, and answers with the resulting version and revision. */
export async function answerWrite(
  { deps, origin, path }: SecretCall,
  cas: number | undefined,
  write: (request: WriteRequest) => Promise<SecretResult<Written>>,
): Promise<Answer> {
  if (cas !== undefined && cas < 0) return await refuseIfPermitted(deps);
  const result = await write({ ...origin, path, cas });
  return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
}
