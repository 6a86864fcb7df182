import { ROUTES } from "../../src/api/nexus/routes.ts";
import { SUPERUSER } from "./identity.ts";

const ROLE_PATHS = {
  recover: "/spike/pilot/role/recover",
  restore: "/spike/pilot/role/restore",
  bootstrap: "/spike/bootstrap",
} as const;

/** The path of the SPIFFE ID that an operation is for: its role's, or else the superuser's. Targets of no operation too. */
export function ownerOf(target: string): string {
  const [path = "", action = ""] = target.split("?action=");
  const access = Object.hasOwn(ROUTES, path) ? ROUTES[path]?.[action]?.access : undefined;
  return access?.on === "role" ? ROLE_PATHS[access.role] : SUPERUSER;
}
