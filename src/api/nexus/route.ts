import type { SecretRoom } from "../../secret/room.ts";
import type { SecretPath } from "../../secret/secret-path.ts";
import type { JsonObject } from "../json-object.ts";
import type { Answer } from "./failure.ts";

/** One operation of this door: what its body has to look like, and what it does once the caller is known and allowed. */
export interface NexusRoute<Shape extends object> {
  /** Whether it may change anything; then it is carried to its end even when the caller hangs up. */
  readonly writes: boolean;
  /**
   * The request's fields, or nothing when one has another type. Contents are judged later: a `path` by the door, the
   * rest by `run`.
   */
  readShape(body: JsonObject): Shape | undefined;
  /** The JSON body that goes with an error of this operation (Go sends the zero value of its response type). */
  errorBody(err: string): object;
  run(call: NexusCall, shape: Shape): Promise<Answer>;
}

/** An operation on one secret. */
export interface NexusCall {
  readonly room: SecretRoom;
  readonly caller: string;
  readonly traceId: string;
  readonly idempotencyKey: string | undefined;
  /** The shape's `path`, parsed; undefined for operations without one. */
  readonly path: SecretPath | undefined;
}

/** A route with its shape closed over, so that routes of all shapes fit one table. */
export interface AnyRoute {
  readonly writes: boolean;
  errorBody(err: string): object;
  read(body: JsonObject): ReadRoute | undefined;
}

interface ReadRoute {
  readonly path: string | undefined;
  run(call: NexusCall): Promise<Answer>;
}

export function route<Shape extends object>(definition: NexusRoute<Shape>): AnyRoute {
  const { writes } = definition;
  return {
    writes,
    errorBody: (err) => definition.errorBody(err),
    read(body) {
      const shape = definition.readShape(body);
      if (shape === undefined) return undefined;
      const path = "path" in shape && typeof shape.path === "string" ? shape.path : undefined;
      return { path, run: async (call) => await definition.run(call, shape) };
    },
  };
}
