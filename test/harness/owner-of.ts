import { ROUTES } from "../../src/api/nexus/routes.ts";
import { SUPERUSER } from "./identity.ts";

const ROLE_PATHS = {
  recover: "/spike/pilot/role/recover",
  restore: "/spike/pilot/role/restore",
  bootstrap: "/spike/bootstrap",
} as const;

/** The SPIFFE ID path that may use an operation: the one of its role, otherwise the superuser. Accepts unknown targets. */
export function ownerOf(target: string): string {
  const [path = "", action = ""] = target.split("?action=");
  const access = Object.hasOwn(ROUTES, path) ? ROUTES[path]?.[action]?.access : undefined;
  return access?.on === "role" ? ROLE_PATHS[access.role] : SUPERUSER;
}
