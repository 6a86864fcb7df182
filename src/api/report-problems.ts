import type { ReplicaProblem, ReplicaUnusable } from "../commit/replica-unusable.ts";
import type { PolicyProblem } from "../policy/deps.ts";
import type { RowProblem } from "../rotation/deps.ts";
import type { SecretProblem } from "../secret/remove.ts";
import type { ClockSkew } from "../store/watch-clock.ts";
import type { BundleProblem } from "../trust/deps.ts";
import type { Log, LogLine } from "./platform.ts";

/** Logs a stored policy that grants nothing because it does not verify or compile. */
export function reportPolicy(log: Log, requestId: string): (problem: PolicyProblem) => void {
  return ({ policy, reason, detail }) =>
    log({ level: "error", event: "policy_ignored", requestId, reason, detail: `policy "${policy}": ${detail}` });
}

/** Logs a stored trust bundle that proves no identity because it does not verify. */
export function reportBundle(log: Log, requestId: string): (problem: BundleProblem) => void {
  return ({ trustDomain, reason, detail }) =>
    log({
      level: "error",
      event: "bundle_ignored",
      requestId,
      reason,
      detail: `bundle of "${trustDomain}": ${detail}`,
    });
}

/** Logs a stored secret that is removed although it does not verify. */
export function reportSecret(log: Log, requestId: string): (problem: SecretProblem) => void {
  return ({ path, reason, detail }) =>
    log({ level: "error", event: "secret_not_verified", requestId, reason, detail: `secret "${path}": ${detail}` });
}

/** Logs a row that stays under its old key because it does not verify. */
export function reportRow(log: Log, requestId: string): (problem: RowProblem) => void {
  return ({ resource, reason, detail }) =>
    log({ level: "error", event: "row_not_rewrapped", requestId, reason, detail: `${resource}: ${detail}` });
}

/** Logs why the primary serves a request although a replica is configured. An old replica is a common state, not a fault. */
export function reportReplica(log: Log, requestId: string): (problem: ReplicaUnusable) => void {
  return ({ problem, detail }) => log({ level: LEVELS[problem], event: problem, requestId, detail });
}

const LEVELS: Readonly<Record<ReplicaProblem, LogLine["level"]>> = {
  replica_behind: "info",
  bookmark_refused: "info",
  replica_unreachable: "warn",
  replica_of_other_store: "error",
  replica_not_verified: "error",
};

/** Logs that the clocks of the database and the worker differ. */
export function reportSkew(log: Log, requestId: string): (skew: ClockSkew) => void {
  return ({ direction, seconds }) =>
    log({
      level: "warn",
      event: "clock_skew",
      requestId,
      reason: `database_${direction}`,
      detail: `the database's clock is ${seconds} s ${direction === "ahead" ? "ahead of" : "behind"} the worker's`,
    });
}
