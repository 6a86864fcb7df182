import { requireCurrentRow } from "../commit/authority-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import type { StoreRow } from "../store/rows.ts";
import type { PolicyView } from "../store/store.ts";
import type { ReportPolicy } from "./deps.ts";
import type { PatternSide } from "./literal-prefix.ts";
import type { Matcher } from "./matcher.ts";
import { parseMatcher } from "./pattern.ts";
import { grants, type Permission } from "./permission.ts";
import { POLICIES } from "./policies.ts";
import type { Policy } from "./policy.ts";
import { PolicyOverflow } from "./policy-overflow.ts";
import { isReserved, qualifies } from "./reserved.ts";
import { openPolicy } from "./seal-policy.ts";

/** Maximum number of policies loaded for one decision. A worker opens and matches that many in well under a second. */
export const MAX_CANDIDATES = 1000;

/** What every evaluation needs: the verified store row of the snapshot, and where unusable policies are reported. */
export interface Evaluation {
  readonly ring: KeyRing;
  readonly store: StoreRow;
  readonly report: ReportPolicy;
}

/** The patterns of a policy, compiled. */
export interface CompiledPolicy {
  readonly spiffeId: Matcher;
  readonly path: Matcher;
}

/**
 * Whether a policy grants `caller` the permission `wanted` on `path` (SPIKE's CheckPolicyAccess). Both patterns must match
 * somewhere in their texts, and the same policy must hold the permission or `super`. On a reserved path, the policy must
 * also qualify for it.
 *
 * A policy that does not verify, does not compile or is not current grants nothing and is reported.
 *
 * @throws PolicyOverflow if no policy grants it and there are more candidates than were loaded
 */
export async function isGranted(
  evaluation: Evaluation,
  views: readonly PolicyView[],
  request: { readonly caller: string; readonly path: string; readonly wanted: Permission },
): Promise<boolean> {
  const { caller, path, wanted } = request;
  for (const { view, policy } of await openGranting(evaluation, views, wanted)) {
    const compiled = compileFor(evaluation, policy, caller);
    if (compiled !== undefined && appliesTo(compiled, path) && (await isCurrent(evaluation, view))) return true;
  }
  if (views.length > MAX_CANDIDATES) throw new PolicyOverflow();
  return false;
}

/** The policies that grant `caller` the permission `wanted` on any path. @throws PolicyOverflow */
export async function policiesFor(
  evaluation: Evaluation,
  views: readonly PolicyView[],
  request: { readonly caller: string; readonly wanted: Permission },
): Promise<readonly CompiledPolicy[]> {
  if (views.length > MAX_CANDIDATES) throw new PolicyOverflow();
  const found: CompiledPolicy[] = [];
  for (const { view, policy } of await openGranting(evaluation, views, request.wanted)) {
    const compiled = compileFor(evaluation, policy, request.caller);
    if (compiled !== undefined && (await isCurrent(evaluation, view))) found.push(compiled);
  }
  return found;
}

/** Whether a policy matches a path. A reserved path also requires that the policy qualifies for it. */
export function appliesTo(policy: CompiledPolicy, path: string): boolean {
  return policy.path.matches(path) && (!isReserved(path) || qualifies(policy, path));
}

interface OpenedPolicy {
  readonly view: PolicyView;
  readonly policy: Policy;
}

/** The policies that open and hold the permission. Opened in parallel: in Node each Web Crypto call waits for a thread. */
async function openGranting(
  evaluation: Evaluation,
  views: readonly PolicyView[],
  wanted: Permission,
): Promise<readonly OpenedPolicy[]> {
  const { ring, store } = evaluation;
  const opened = await Promise.all(
    views.map(async (view): Promise<OpenedPolicy | undefined> => {
      const { row } = view;
      if (row === undefined) return undefined;
      const policy = await reportSealError(openPolicy(ring, store.storeId, row), (fault) =>
        evaluation.report({ policy: row.name, ...fault }),
      );
      return policy && { view, policy };
    }),
  );
  return opened.filter((found) => found !== undefined).filter(({ policy }) => grants(policy.permissions, wanted));
}

/** The compiled policy if it matches the caller. Most do not, and their path pattern is then not compiled. */
function compileFor(evaluation: Evaluation, policy: Policy, caller: string): CompiledPolicy | undefined {
  const spiffeId = compile(evaluation, policy, "spiffeId");
  if (spiffeId?.matches(caller) !== true) return undefined;
  const path = compile(evaluation, policy, "path");
  return path && { spiffeId, path };
}

function compile({ report }: Evaluation, policy: Policy, side: PatternSide): Matcher | undefined {
  const parsed = parseMatcher(side, side === "path" ? policy.pathPattern : policy.spiffeIdPattern);
  if (parsed.ok) return parsed.pattern;
  report({ policy: policy.name, reason: `pattern_${parsed.problem}`, detail: parsed.detail });
  return undefined;
}

async function isCurrent({ ring, store, report }: Evaluation, { row, tail }: PolicyView): Promise<boolean> {
  if (row === undefined) return false;
  const verified = requireCurrentRow(POLICIES, { ring, store, row, tail }).then(() => true);
  return (await reportSealError(verified, (fault) => report({ policy: row.name, ...fault }))) ?? false;
}
