import type { Pace } from "./compare.ts";
import type { FloorName } from "./stage/floor-worker.ts";
import type { Ground, Shape, Stage } from "./stage/stage.ts";
import type { Worker } from "../../tools/workerd/start-worker.ts";

/** What figures are measured in. */
export interface Scene {
  readonly ground: Ground;
  readonly pace: Pace;
  /** How large the large stores are. */
  readonly secrets: number;
  readonly policies: number;
  /** A stage of that shape: one for all figures that ask for the same. */
  stage(shape: Shape): Promise<Stage>;
  /** A bare worker over a stage's database, one for all figures. */
  floor(name: FloorName, stage: Stage): Promise<Worker>;
}

/** A store as most figures have it. */
export const SMALL: Shape = { secrets: 1000, policies: 10 };
