import type { Result } from "../result.ts";
import type { Scene } from "../scene.ts";
import { authentication } from "./authentication.ts";
import { contention } from "./contention.ts";
import { largeStore } from "./large-store.ts";
import { lists } from "./lists.ts";
import { manyPolicies } from "./many-policies.ts";
import { manyVersions } from "./many-versions.ts";
import { memory } from "./memory.ts";
import { reads } from "./reads.ts";
import { scaleOut } from "./scale-out.ts";
import { start } from "./start.ts";
import { writes } from "./writes.ts";

/** A group of lines that are measured together. */
export interface Figure {
  readonly name: string;
  readonly measure: (scene: Scene) => Promise<Result[]>;
}

export const FIGURES: readonly Figure[] = [
  { name: "get", measure: reads },
  { name: "put", measure: writes },
  { name: "authentication", measure: authentication },
  { name: "list", measure: lists },
  { name: "policies", measure: manyPolicies },
  { name: "versions", measure: manyVersions },
  { name: "secrets", measure: largeStore },
  { name: "contention", measure: contention },
  { name: "scale-out", measure: scaleOut },
  { name: "start", measure: start },
  { name: "memory", measure: memory },
];
