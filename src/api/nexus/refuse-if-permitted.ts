import type { WriteDeps } from "../../commit/deps.ts";
import { isPermitted } from "../../commit/is-permitted.ts";
import type { PathScope } from "../../store/access.ts";
import { type Refusal, refused } from "./failure.ts";

/** Refuses a malformed request: 400 to callers who may use the operation, 401 to all others, who must not learn its rules. */
export async function refuseIfPermitted(deps: WriteDeps, scope?: PathScope): Promise<Refusal> {
  return refused((await isPermitted(deps, scope)) ? "bad_request" : "denied");
}
