import { isRecord } from "../json/is-record.ts";
import { auditedWrite, type WriteOrigin } from "../commit/audited-write.ts";
import type { Field } from "../seal/encoding.ts";
import type { SecretRow } from "../store/rows.ts";
import { failed, type SecretFailure, type SecretResult } from "./failure.ts";
import type { SecretDeps } from "./deps.ts";
import { nextNumber } from "./next-number.ts";
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
  /**
   * The numbers of the versions that were written, deleted or restored. Unknown for a repeated request whose entry was written
   * before entries had these numbers.
   */
  readonly versions?: readonly number[];
  /** Requested numbers that no version has, if there are any. */
  readonly missing?: Missing;
}

/** Version numbers that do not exist: how many, and at most 100 of them, because they are stored in the audit. */
interface Missing {
  readonly numbers: readonly number[];
  readonly count: number;
}

/** What the audit records about a write. A request repeated under its idempotency key is answered from it. */
type Outcome = Omit<Written, "revision">;

/** One kind of write. */
export interface Verb {
  /** Its action in the audit. */
  readonly action: "put" | "delete" | "undelete";
  /** Its arguments besides path and `cas`. A request repeated under its idempotency key must have the same ones. */
  readonly body: readonly Field[];
  decide(secret: FoundSecret | undefined, write: VerbInput): Verdict;
}

export interface VerbInput {
  readonly writeId: string;
  readonly now: number;
  /** The number of a new version. */
  readonly nextNumber: number;
}

export interface FoundSecret {
  readonly head: SecretRow;
  readonly versions: Versions;
}

export type Verdict =
  | { readonly ok: false; readonly failure: SecretFailure }
  | { readonly ok: true; readonly edit: VersionEdit; readonly outcome: Outcome };

/** The outcome of a delete or undelete. `version` is the one that is current now. */
export function outcomeOf(version: number, changed: readonly number[], missing: readonly number[]): Outcome {
  const count = missing.length;
  const numbers = missing.slice(0, MAX_MISSING);
  return { version, versions: changed, ...(count > 0 && { missing: { numbers, count } }) };
}

const MAX_MISSING = 100;

/**
 * Applies a verb to one secret exactly once. Two round trips unless another write interferes.
 *
 * @throws SealError, StoreUnavailable
 */
export async function writeSecret(deps: SecretDeps, request: WriteRequest, verb: Verb): Promise<SecretResult<Written>> {
  const { randomBytes, keptVersions } = deps;
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
    parseOutcome,
    async decide(snapshot, entry) {
      const { store, secret } = snapshot;
      const head = await verifySecret(deps.ring, snapshot, { path, view: secret });
      const now = writeTime(entry, head);
      const conflict = cas !== undefined && cas !== (head?.latest ?? 0);
      if (conflict && head !== undefined) return failed("version_conflict");
      const found = head && { head, versions: secret.states ?? [] };
      const number = nextNumber(deps.ring, store, { head, tail: secret.tail });
      const verdict = verb.decide(found, { writeId: entry.writeId, now, nextNumber: number });
      if (!verdict.ok) return verdict;
      if (conflict) return failed("version_conflict");
      const change = {
        secret: await sealChange(verdict.edit, { path, store, head, now, randomBytes, keptVersions, ...entry }),
      };
      return { ok: true, change, outcome: verdict.outcome };
    },
  });
}

function parseOutcome(outcome: unknown): Outcome | undefined {
  if (!isRecord(outcome)) return undefined;
  const { version, versions, missing } = outcome;
  if (typeof version !== "number") return undefined;
  if (versions === undefined) return { version };
  if (!isNumbers(versions)) return undefined;
  if (missing === undefined) return { version, versions };
  if (!isRecord(missing)) return undefined;
  const { numbers, count } = missing;
  return isNumbers(numbers) && typeof count === "number"
    ? { version, versions, missing: { numbers, count } }
    : undefined;
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((number) => typeof number === "number");
}
