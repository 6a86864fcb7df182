import type { Caller } from "./caller.ts";
import type { Edge } from "./edge.ts";
import type { Ledger } from "./ledger.ts";

/** Who and what a step plays with. */
export interface Scene {
  readonly edge: Edge;
  /** It may do everything. */
  readonly superuser: Caller;
  /** It may do nothing, unless a policy allows it. */
  readonly workload: Caller;
  readonly ledger: Ledger;
}

/** One step of the demo. */
export interface Step {
  readonly title: string;
  /**
   * Plays it, and checks everything that it then tells.
   *
   * @returns what happened, by the line
   * @throws CommandError that says what was expected and what was seen
   */
  run(scene: Scene): Promise<readonly string[]>;
}

/** The secret that the first steps are about. */
export const SHARED_PATH = "api/key";
/** The secret that a policy is about. */
export const GRANTED_PATH = "billing/db";
export const POLICY_NAME = "billing";
