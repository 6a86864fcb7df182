import { encodeBase64url } from "../encoding/base64.ts";
import { encodeCanonical, type Field } from "../seal/encoding.ts";

/** A problem in the stored audit. */
export interface AuditProblem {
  /** Revision of the entry that shows the problem; 0 for a problem of the whole audit. */
  readonly revision: number;
  readonly kind:
    | "gap"
    | "missing_tail"
    | "not_authentic"
    | "unregistered_key"
    | "broken_chain"
    | "broken_anchor"
    | "broken_epoch"
    /** Two entries were decided on the same epoch, and both raised it. */
    | "forked_epoch"
    /** An entry saw another store row than the entry before it led to. */
    | "broken_state"
    | "withheld"
    | "missing_acknowledgement";
  readonly detail: string;
  /**
   * Identifies the fault, so that an acknowledgement covers exactly this one. The same missing entries have the same `fault`,
   * whichever entry shows that they are missing. Undefined if the fault cannot be acknowledged, because it is not a
   * loss but a contradiction between entries that this service wrote.
   */
  readonly fault: string | undefined;
}

const FAULT_BYTES = 16;

/** A short digest of what identifies a fault. */
export async function faultOf(kind: string, fields: readonly Field[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", encodeCanonical("audit.fault", [kind, ...fields]));
  return encodeBase64url(new Uint8Array(digest).slice(0, FAULT_BYTES));
}

/** A digest of the exact list of problems in the entries after revision `after` up to `upTo`. */
export async function digestOfProblems(
  { after, upTo }: { readonly after: number; readonly upTo: number },
  problems: readonly AuditProblem[],
): Promise<string> {
  const fields = problems.flatMap(({ revision, kind, detail, fault }): Field[] => [
    revision,
    kind,
    detail,
    fault ?? null,
  ]);
  const digest = await crypto.subtle.digest("SHA-256", encodeCanonical("audit.problems", [after, upTo, ...fields]));
  return encodeBase64url(new Uint8Array(digest));
}
