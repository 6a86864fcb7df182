import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import type { Field } from "../seal/encoding.ts";
import type { SecretRow } from "../store/rows.ts";
import { failed, type SecretFailure, type SecretResult } from "./failure.ts";
import type { SecretDeps } from "./deps.ts";
import { sealChange, type VersionEdit } from "./seal-change.ts";
import type { SecretPath } from "./secret-path.ts";
import { writeTime } from "./write-time.ts";
import { verifySecret } from "./verify-secret.ts";
import type { Versions } from "./versions.ts";

/** Who changes what, and how the change is told apart from others. */
export interface WriteRequest extends WriteOrigin {
  readonly path: SecretPath;
  /** Highest number written so far, as the caller believes; 0 = none ever. */
  readonly cas: number | undefined;
}

/** `version`: the number written, or the current one that results. `revision`: that of the commit. */
export interface Written {
  readonly version: number;
  readonly revision: number;
}

/** A verb: its name in the audit, what else makes the request this very one, and what it does to a secret. */
export interface Verb {
  readonly action: "put" | "delete" | "undelete";
  readonly body: readonly Field[];
  judge(secret: FoundSecret | undefined, write: { readonly writeId: string; readonly now: number }): Verdict;
}

export interface FoundSecret {
  readonly head: SecretRow;
  readonly versions: Versions;
}

export type Verdict =
  | { readonly ok: false; readonly failure: SecretFailure }
  | { readonly ok: true; readonly edit: VersionEdit; readonly version: number };

/**
 * Carries out a verb on one secret, exactly once: two round trips when nobody interferes.
 *
 * @throws SealError, StoreUnavailable
 */
export async function writeSecret(deps: SecretDeps, request: WriteRequest, verb: Verb): Promise<SecretResult<Written>> {
  const { randomBytes } = deps;
  const { path, cas } = request;
  const { action, body } = verb;
  const write = {
    ...request,
    action,
    resource: `secret:${path}`,
    // Keyed, so that the database does not tell which of two likely values was written.
    request: { label: "request", fields: [action, path, cas ?? null, ...body] },
  };
  return await auditedWrite(deps, write, {
    query: { secret: { path, version: "none" } },
    tailOf: ({ secret }) => secret?.tail,
    readOutcome: versionIn,
    async judge({ store, now: clock, secret }, place) {
      const head = await verifySecret(deps.ring, store, { path, view: secret });
      const now = writeTime(clock, head);
      const conflict = cas !== undefined && cas !== (head?.latest ?? 0);
      if (conflict && head !== undefined) return failed("version_conflict");
      const found = head && { head, versions: secret.states ?? [] };
      const verdict = verb.judge(found, { writeId: place.writeId, now });
      if (!verdict.ok) return verdict;
      if (conflict) return failed("version_conflict");
      const change = { secret: await sealChange(verdict.edit, { path, store, head, now, randomBytes, ...place }) };
      return { ok: true, change, outcome: { version: verdict.version }, now };
    },
  });
}

function versionIn(outcome: unknown): { readonly version: number } | undefined {
  if (typeof outcome !== "object" || outcome === null || !("version" in outcome)) return undefined;
  return typeof outcome.version === "number" ? { version: outcome.version } : undefined;
}
