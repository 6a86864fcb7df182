import type { Operation } from "../history/history.ts";
import { ANYWHERE, type Fit, inside, NOWHERE, outside } from "./fit.ts";
import { needOf } from "./permission.ts";
import type { Scene } from "./scene.ts";

/** The positions where the caller may do what it asked for. */
export function rightFit(scene: Scene, { caller, request }: Operation): Fit {
  const need = needOf(caller, request);
  if (need === "nothing") return ANYWHERE;
  if (need === "impossible") return NOWHERE;
  return inside(scene.world.policies.get(caller)?.[need] ?? []);
}

/** The positions where it may not. */
export function denialFit(scene: Scene, { caller, request }: Operation): Fit {
  const need = needOf(caller, request);
  if (need === "nothing") return NOWHERE;
  if (need === "impossible") return ANYWHERE;
  return outside(scene.world.policies.get(caller)?.[need] ?? []);
}
