import type { Worker } from "../../tools/workerd/start-worker.ts";
import type { Sampling } from "./compare.ts";
import type { BaselineName } from "./setup/baseline.ts";
import type { Deployment, DeploymentOptions, StoreShape } from "./setup/deployment.ts";

export interface BenchContext {
  readonly options: DeploymentOptions;
  readonly sampling: Sampling;
  /** Number of secrets in the large store. */
  readonly secrets: number;
  /** Number of policies in the largest set. */
  readonly policies: number;
  /** Returns a deployment whose store has this shape. Benchmarks with the same shape share it. */
  deployment(shape: StoreShape): Promise<Deployment>;
  /** Returns a baseline worker that uses the deployment's database. Benchmarks share it. */
  baseline(name: BaselineName, deployment: Deployment): Promise<Worker>;
}

/** The store of most benchmarks. */
export const SMALL: StoreShape = { secrets: 1000, policies: 10 };
