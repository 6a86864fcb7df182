import { type AuthorityState, requireCurrentRow } from "../commit/authority-row.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { reportSealError } from "../seal/report-seal-error.ts";
import { SealError, toSealFault } from "../seal/seal-error.ts";
import type { PolicyRow } from "../store/rows.ts";
import type { Page } from "../store/store.ts";
import type { ReportPolicy } from "./deps.ts";
import { literalMatcher } from "./literal-matcher.ts";
import type { PatternSide } from "./literal-prefix.ts";
import { MatchBudget } from "./match-budget.ts";
import type { Matcher } from "./matcher.ts";
import { estimateSize, parseMatcher } from "./pattern.ts";
import { grants, type Permission } from "./permission.ts";
import { POLICIES } from "./policies.ts";
import type { Policy } from "./policy.ts";
import { PolicyOverflow } from "./policy-overflow.ts";
import { isReserved, qualifies } from "./reserved.ts";
import { openPolicy } from "./seal-policy.ts";

/** Maximum number of policies loaded for one decision. A worker opens that many in well under a second. */
export const MAX_CANDIDATES = 1000;

/** Work on patterns for one decision: at most about 0.1 s. 1000 ordinary patterns take less, and so does the costliest one. */
const MAX_WORK = 800_000;

/** What every evaluation needs: what policies are checked against, and where unusable policies are reported. */
export interface Evaluation extends AuthorityState {
  readonly ring: KeyRing;
  readonly report: ReportPolicy;
}

/** The patterns of a policy, compiled. */
export interface CompiledPolicy {
  readonly spiffeId: Matcher;
  readonly path: Matcher;
}

/**
 * A policy that grants `caller` the permission `wanted` on `path` (SPIKE's CheckPolicyAccess). Both patterns must match
 * somewhere in their texts, and the same policy must hold the permission or `super`. On a reserved path, the policy must
 * also qualify for it.
 *
 * Policies with plain patterns come first, then the others by the size of their patterns, so that a grant never depends on
 * costlier patterns.
 *
 * A policy that does not verify, does not compile or is not current grants nothing and is reported.
 *
 * @throws PolicyOverflow if no policy grants it, and there are more candidates or more work than one decision may take
 */
export async function findGrant(
  evaluation: Evaluation,
  candidates: Page<PolicyRow> | undefined,
  request: { readonly caller: string; readonly path: string; readonly wanted: Permission },
): Promise<PolicyRow | undefined> {
  const { caller, path, wanted } = request;
  const budget = new MatchBudget(MAX_WORK);
  for (const { row, policy } of cheapestFirst(await openGranting(evaluation, candidates, wanted))) {
    const compiled = compileFor(evaluation, policy, { caller, path, budget });
    if (compiled !== undefined && mayReach(compiled, path) && isCurrent(evaluation, row)) return row;
  }
  if (candidates?.more === true) throw new PolicyOverflow("too_many_policies");
  return undefined;
}

/**
 * The policies that grant `caller` the permission `wanted` on any path, plain path patterns first.
 *
 * @throws PolicyOverflow
 */
export async function policiesFor(
  evaluation: Evaluation,
  candidates: Page<PolicyRow> | undefined,
  request: { readonly caller: string; readonly wanted: Permission },
): Promise<readonly CompiledPolicy[]> {
  if (candidates?.more === true) throw new PolicyOverflow("too_many_policies");
  const { caller, wanted } = request;
  const budget = new MatchBudget(MAX_WORK);
  const found: CompiledPolicy[] = [];
  for (const { row, policy } of cheapestFirst(await openGranting(evaluation, candidates, wanted))) {
    const compiled = compileFor(evaluation, policy, { caller, budget });
    if (compiled !== undefined && isCurrent(evaluation, row)) found.push(compiled);
  }
  return found.toSorted((a, b) => a.path.size - b.path.size);
}

/** Whether a policy matches a path. A reserved path also requires that the policy qualifies for it. */
export function appliesTo(policy: CompiledPolicy, path: string): boolean {
  return policy.path.matches(path) && mayReach(policy, path);
}

function mayReach(policy: CompiledPolicy, path: string): boolean {
  return !isReserved(path) || qualifies(policy, path);
}

interface OpenedPolicy {
  readonly row: PolicyRow;
  readonly policy: Policy;
}

/** The policies that open and hold the permission. Opened in parallel: in Node each Web Crypto call waits for a thread. */
async function openGranting(
  evaluation: Evaluation,
  candidates: Page<PolicyRow> | undefined,
  wanted: Permission,
): Promise<readonly OpenedPolicy[]> {
  const { ring, store } = evaluation;
  const opened = await Promise.all(
    (candidates?.rows ?? []).map(async (row): Promise<OpenedPolicy | undefined> => {
      const policy = await reportSealError(openPolicy(ring, store.storeId, row), (fault) =>
        evaluation.report({ policy: row.name, ...fault }),
      );
      return policy && { row, policy };
    }),
  );
  return opened.filter((found) => found !== undefined).filter(({ policy }) => grants(policy.permissions, wanted));
}

/** The plain policies, then the others, smallest patterns first. Sizes are computed only after all plain policies. */
function* cheapestFirst(policies: readonly OpenedPolicy[]): Generator<OpenedPolicy> {
  if (policies.length < 2) {
    yield* policies;
    return;
  }
  const isPlain = ({ policy }: OpenedPolicy): boolean =>
    [policy.spiffeIdPattern, policy.pathPattern].every((text) => literalMatcher(text) !== undefined);
  const { plain = [], others = [] } = Object.groupBy(policies, (opened) => (isPlain(opened) ? "plain" : "others"));
  yield* plain;
  const sizeOf = ({ policy }: OpenedPolicy): number =>
    estimateSize(policy.spiffeIdPattern) + estimateSize(policy.pathPattern);
  yield* others
    .map((opened) => ({ opened, size: sizeOf(opened) }))
    .toSorted((a, b) => a.size - b.size)
    .map(({ opened }) => opened);
}

/** What a policy is matched against. Without `path`, its path pattern is compiled and not matched. */
interface Subject {
  readonly caller: string;
  readonly path?: string;
  readonly budget: MatchBudget;
}

/**
 * The compiled policy if it matches. Plain patterns are compared before any other is compiled, because most policies do not
 * match.
 *
 * @throws PolicyOverflow
 */
function compileFor(
  evaluation: Evaluation,
  policy: Policy,
  { caller, path, budget }: Subject,
): CompiledPolicy | undefined {
  const isMatch = (matcher: Matcher, input: string): boolean => {
    const found = budget.matches(matcher, input);
    if (budget.isSpent) throw new PolicyOverflow("costly_policies");
    return found;
  };
  const isPlainMismatch = (text: string, input: string): boolean => literalMatcher(text)?.matches(input) === false;
  if (path !== undefined && isPlainMismatch(policy.pathPattern, path)) return undefined;
  const spiffeId = compile(evaluation, policy, "spiffeId");
  if (spiffeId === undefined || !isMatch(spiffeId, caller)) return undefined;
  const compiled = compile(evaluation, policy, "path");
  if (compiled === undefined) return undefined;
  // Without a path, this only charges the budget for compiling the pattern.
  const isPathMatch = isMatch(compiled, path ?? "");
  return isPathMatch || path === undefined ? { spiffeId, path: compiled } : undefined;
}

function compile({ report }: Evaluation, policy: Policy, side: PatternSide): Matcher | undefined {
  const parsed = parseMatcher(side, side === "path" ? policy.pathPattern : policy.spiffeIdPattern);
  if (parsed.ok) return parsed.pattern;
  report({ policy: policy.name, reason: `pattern_${parsed.problem}`, detail: parsed.detail });
  return undefined;
}

function isCurrent(evaluation: Evaluation, row: PolicyRow): boolean {
  try {
    requireCurrentRow(POLICIES, evaluation, row);
    return true;
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    evaluation.report({ policy: row.name, ...toSealFault(error) });
    return false;
  }
}
