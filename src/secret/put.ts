import type { SecretResult } from "./failure.ts";
import type { SecretDeps } from "./deps.ts";
import type { FoundSecret, VerbInput, Verdict, WriteRequest, Written } from "./write.ts";
import { writeSecret } from "./write.ts";
import { addVersion } from "./versions.ts";

/**
 * Writes a new version, whose number is above all earlier ones (see `nextNumber`), and deletes the oldest versions beyond the
 * number to keep.
 *
 * @throws SealError, StoreUnavailable
 */
export async function putSecret(
  deps: SecretDeps,
  request: WriteRequest & { /** JSON text, stored unchanged. */ readonly text: string },
): Promise<SecretResult<Written>> {
  const { text } = request;
  return await writeSecret(deps, request, {
    action: "put",
    body: [text],
    decide: (secret, write) => decidePut(secret, { ...write, text, keptVersions: deps.keptVersions }),
  });
}

function decidePut(
  secret: FoundSecret | undefined,
  put: VerbInput & { readonly text: string; readonly keptVersions: number },
): Verdict {
  const { writeId, now, nextNumber: number, text } = put;
  const deleteAfter = secret?.head.deleteAfter ?? 0;
  const deletedAt = deleteAfter === 0 ? null : now + deleteAfter;
  const state = { number, writeId, createdAt: now, deletedAt, destroyedAt: null };
  const keep = secret?.head.maxVersions || (secret?.head.keptVersions ?? put.keptVersions);
  const edit = addVersion(secret?.versions ?? [], state, keep);
  return { ok: true, outcome: { version: number, versions: [number] }, edit: { ...edit, added: { state, text } } };
}
