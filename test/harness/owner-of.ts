import { OPERATIONS } from "../../src/api/nexus/operations.ts";
import { SUPERUSER } from "./identity.ts";

const ROLE_PATHS = {
  recover: "/spike/pilot/role/recover",
  restore: "/spike/pilot/role/restore",
  bootstrap: "/spike/bootstrap",
} as const;

/** The SPIFFE ID path that may use an operation: the one of its role, otherwise the superuser. Accepts unknown targets. */
export function ownerOf(target: string): string {
  const [path = "", action = ""] = target.split("?action=");
  const access = Object.hasOwn(OPERATIONS, path) ? OPERATIONS[path]?.[action]?.access : undefined;
  return access?.on === "role" ? ROLE_PATHS[access.role] : SUPERUSER;
}
