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

/** A request to change a secret. */
export interface WriteRequest extends WriteOrigin {
  readonly path: SecretPath;
  /** The highest version number ever written, as the caller knows it; 0 means the secret must not exist. */
  readonly cas: number | undefined;
}

/** The response to a write. */
export interface Written {
  /** The number written, or the version that is now current. */
  readonly version: number;
  /** The revision of the commit. */
  readonly revision: number;
}

/** One kind of write. */
export interface Verb {
  /** Its action in the audit. */
  readonly action: "put" | "delete" | "undelete";
  /** Its arguments besides path and `cas`. A request repeated under its idempotency key must have the same ones. */
  readonly body: readonly Field[];
  decide(secret: FoundSecret | undefined, write: { readonly writeId: string; readonly now: number }): Verdict;
}

export interface FoundSecret {
  readonly head: SecretRow;
  readonly versions: Versions;
}

export type Verdict =
  | { readonly ok: false; readonly failure: SecretFailure }
  | { readonly ok: true; readonly edit: VersionEdit; readonly version: number };

/**
 * Applies a verb to one secret exactly once. Two round trips unless another write interferes.
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
    // Stored as a keyed digest, so that the database cannot tell which of two likely values was written.
    request: { label: "request", fields: [action, path, cas ?? null, ...body] },
  };
  return await auditedWrite(deps, write, {
    query: { secret: { path, version: "none" } },
    tailOf: ({ secret }) => secret?.tail,
    parseOutcome: parseVersion,
    async decide({ store, now: clock, secret }, entry) {
      const head = await verifySecret(deps.ring, store, { path, view: secret });
      const now = writeTime(clock, head);
      const conflict = cas !== undefined && cas !== (head?.latest ?? 0);
      if (conflict && head !== undefined) return failed("version_conflict");
      const found = head && { head, versions: secret.states ?? [] };
      const verdict = verb.decide(found, { writeId: entry.writeId, now });
      if (!verdict.ok) return verdict;
      if (conflict) return failed("version_conflict");
      const change = { secret: await sealChange(verdict.edit, { path, store, head, now, randomBytes, ...entry }) };
      return { ok: true, change, outcome: { version: verdict.version }, now };
    },
  });
}

function parseVersion(outcome: unknown): { readonly version: number } | undefined {
  if (typeof outcome !== "object" || outcome === null || !("version" in outcome)) return undefined;
  return typeof outcome.version === "number" ? { version: outcome.version } : undefined;
}
