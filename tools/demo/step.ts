import type { ApiClient } from "./api-client.ts";
import type { Cluster } from "./cluster.ts";
import type { Ledger } from "./ledger.ts";

export interface DemoContext {
  readonly cluster: Cluster;
  /** Has unrestricted access. */
  readonly superuser: ApiClient;
  /** Has access only through policies. */
  readonly workload: ApiClient;
  readonly ledger: Ledger;
}

/** One numbered step of the demo. */
export interface Step {
  readonly title: string;
  /**
   * Runs the step and checks every statement that it prints.
   *
   * @returns the lines to print
   * @throws CommandError with the expected and the actual result
   */
  run(context: DemoContext): Promise<readonly string[]>;
}

/** The secret that the first steps write. */
export const SHARED_PATH = "api/key";
/** The secret that the policy grants. */
export const GRANTED_PATH = "billing/db";
export const POLICY_NAME = "billing";
