import { isPermitted } from "../../commit/is-permitted.ts";
import { type Answer, refused } from "./failure.ts";
import type { NexusCall } from "./route.ts";

/** 400 to those who may use the operation, 401 to everybody else: a request's faults are no business of theirs. */
export async function refuseIfPermitted({ deps, scope }: NexusCall): Promise<Answer> {
  return refused((await isPermitted(deps, scope)) ? "bad_request" : "denied");
}
