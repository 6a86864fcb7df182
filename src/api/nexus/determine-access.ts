import type { Context } from "hono";
import { roleOf } from "../../identity/role.ts";
import type { SpiffeId } from "../../identity/spiffe-id.ts";
import { policyAccess } from "../../policy/access.ts";
import { pathScope } from "../../policy/path-scope.ts";
import { roleAccess } from "../../policy/role-access.ts";
import { PATH_RULE, type SecretPath } from "../../secret/secret-path.ts";
import { type Access, type PathScope, UNRESTRICTED } from "../../store/access.ts";
import type { AppEnv } from "../app-env.ts";
import { reportPolicy } from "../report-problems.ts";
import { badRequest, type Refusal, refused } from "./failure.ts";
import type { Identity } from "./identify-caller.ts";
import type { Operation } from "./operation.ts";
import type { PathRequest } from "./read-request.ts";

/** What a caller may do, to be evaluated in the snapshot that the request is decided on. */
export interface Granted {
  readonly caller: SpiffeId;
  readonly access: Access;
  readonly scope: PathScope | undefined;
}

/** Determines what the caller may do with the operation: everything, nothing, or what the policies of the snapshot grant. */
export async function determineAccess(
  operation: Operation,
  c: Context<AppEnv>,
  { caller, proof, parsed, path, isPathMalformed }: Identity & PathRequest,
): Promise<({ readonly ok: true } & Granted) | Refusal> {
  if (isPathMalformed && proof === undefined) return badRequest(parsed.fault ?? { member: "path", ...PATH_RULE });
  // A malformed path is refused to every proved caller alike, so no policy matters.
  const right = isPathMalformed ? UNRESTRICTED_RIGHT : await rightOf(operation, c, { caller, path });
  if (right === undefined) return refused("denied");
  if (proof === undefined) return { ok: true, caller, ...right };
  return { ok: true, caller, access: proof.access(right.access), scope: right.scope && proof.scope(right.scope) };
}

type Right = Omit<Granted, "caller">;

const UNRESTRICTED_RIGHT: Readonly<Right> = { access: UNRESTRICTED, scope: undefined };

async function rightOf(
  { access }: Operation,
  c: Context<AppEnv>,
  { caller, path }: { readonly caller: SpiffeId; readonly path: SecretPath | undefined },
): Promise<Right | undefined> {
  const role = roleOf(caller, c.env.roots);
  if (role === "lite" && "lite" in access) return UNRESTRICTED_RIGHT;
  if (access.on === "role") return access.role === role ? UNRESTRICTED_RIGHT : undefined;
  const byRole = roleAccess(role);
  if (byRole === "unrestricted") return UNRESTRICTED_RIGHT;
  if (byRole === "denied" || access.on === "nothing") return undefined;
  const { wanted } = access;
  const on = access.on === "path" ? path : access.on;
  if (on === undefined) return undefined;
  const { ring } = c.get("keys");
  const report = reportPolicy(c.env.platform.log, c.get("requestId"));
  const isScoped = access.on !== "path" && access.scoped === true;
  return {
    access: await policyAccess(ring, { caller, path: on, wanted }, report),
    scope: isScoped ? await pathScope(ring, caller, report) : undefined,
  };
}
