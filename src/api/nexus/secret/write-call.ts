import type { SecretResult } from "../../../secret/failure.ts";
import type { WriteRequest, Written } from "../../../secret/write.ts";
import type { Answer } from "../failure.ts";
import { refuseIfPermitted } from "../refuse-if-permitted.ts";
import type { NexusCall } from "../route.ts";

/** Carries out a write of one secret, and tells the number and the revision that came of it. */
export async function answerWrite(
  call: NexusCall,
  cas: number | undefined,
  write: (request: WriteRequest) => Promise<SecretResult<Written>>,
): Promise<Answer> {
  const { path, caller, traceId, idempotencyKey } = call;
  if (path === undefined || (cas !== undefined && cas < 0)) return await refuseIfPermitted(call);
  const result = await write({ path, caller, traceId, idempotencyKey, cas });
  return result.ok ? { ok: true, body: JSON.stringify(result.answer) } : result;
}
