import { requireCurrentRow } from "../commit/authority-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import type { StoreRow } from "../store/rows.ts";
import type { PolicyView } from "../store/store.ts";
import type { PatternSide } from "./literal-prefix.ts";
import type { Matcher } from "./matcher.ts";
import { parseMatcher } from "./pattern.ts";
import { grants, type Permission } from "./permission.ts";
import type { Policy } from "./policy.ts";
import { PolicyOverflow } from "./policy-overflow.ts";
import type { ReportPolicy } from "./deps.ts";
import { isReserved, qualifies } from "./reserved.ts";
import { openPolicy } from "./seal-policy.ts";
import { namedPolicy } from "./verify-policy.ts";

/** Policies that are loaded for one decision: as many as a worker can open and match in well under a second. */
export const MAX_CANDIDATES = 1000;

/** What policies are judged in: one snapshot, and whoever is told of those that are of no use. */
export interface Evaluation {
  readonly ring: KeyRing;
  readonly store: StoreRow;
  readonly report: ReportPolicy;
}

/** A policy that is authentic and stands, with its patterns compiled. */
export interface LivePolicy {
  readonly spiffeId: Matcher;
  readonly path: Matcher;
}

/**
 * Whether one of these policies lets `caller` do `wanted` on `path` (SPIKE's CheckPolicyAccess): both patterns found
 * anywhere in their texts, and the permission or `super` in that very policy. A reserved path counts only where the policy
 * qualifies for it.
 *
 * A policy that does not open, does not compile or stands no more grants nothing, and is reported.
 *
 * @throws PolicyOverflow when nothing granted, and there would have been more policies to look at
 */
export async function isGranted(
  evaluation: Evaluation,
  views: readonly PolicyView[],
  request: { readonly caller: string; readonly path: string; readonly wanted: Permission },
): Promise<boolean> {
  const { caller, path, wanted } = request;
  for (const { view, policy } of await openAll(evaluation, views, wanted)) {
    const live = compileFor(evaluation, policy, caller);
    if (live !== undefined && reachesPath(live, path) && (await stands(evaluation, view))) return true;
  }
  if (views.length > MAX_CANDIDATES) throw new PolicyOverflow();
  return false;
}

/** The policies among these that give `wanted` to `caller` on some paths, standing and compiled. */
export async function policiesFor(
  evaluation: Evaluation,
  views: readonly PolicyView[],
  request: { readonly caller: string; readonly wanted: Permission },
): Promise<readonly LivePolicy[]> {
  if (views.length > MAX_CANDIDATES) throw new PolicyOverflow();
  const found: LivePolicy[] = [];
  for (const { view, policy } of await openAll(evaluation, views, request.wanted)) {
    const live = compileFor(evaluation, policy, request.caller);
    if (live !== undefined && (await stands(evaluation, view))) found.push(live);
  }
  return found;
}

/** Whether a policy speaks of a path; of a reserved one only if it qualifies for it. */
export function reachesPath(live: LivePolicy, path: string): boolean {
  return live.path.matches(path) && (!isReserved(path) || qualifies(live, path));
}

interface Opened {
  readonly view: PolicyView;
  readonly policy: Policy;
}

/** Those that open and hold the permission; opened side by side, since some runtimes answer each call late. */
async function openAll(
  evaluation: Evaluation,
  views: readonly PolicyView[],
  wanted: Permission,
): Promise<readonly Opened[]> {
  const { ring, store } = evaluation;
  const opened = await Promise.all(
    views.map(async (view): Promise<Opened | undefined> => {
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

/** The policy compiled, if it concerns the caller: most do not, and their second pattern need not be looked at. */
function compileFor(evaluation: Evaluation, policy: Policy, caller: string): LivePolicy | undefined {
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

async function stands(evaluation: Evaluation, { row, tail }: PolicyView): Promise<boolean> {
  if (row === undefined) return false;
  const { ring, store } = evaluation;
  const standing = requireCurrentRow(ring, store, { named: namedPolicy(row.name), row, tail }).then(() => true);
  return (await reportSealError(standing, (fault) => evaluation.report({ policy: row.name, ...fault }))) ?? false;
}
