import type { WriteDeps } from "../../commit/deps.ts";
import { isPermitted } from "../../commit/is-permitted.ts";
import type { Fault } from "../../json/fault.ts";
import type { PathScope } from "../../store/access.ts";
import { badRequest, type Refusal, refused } from "./failure.ts";

/** Refuses a malformed request: 400 to callers who may use the operation, 401 to all others, who must not learn its rules. */
export async function refuseIfPermitted(deps: WriteDeps, fault: Fault, scope?: PathScope): Promise<Refusal> {
  return (await isPermitted(deps, scope)) ? badRequest(fault) : refused("denied");
}
