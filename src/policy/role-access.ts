import type { Role } from "../identity/role.ts";

/**
 * What a role alone permits on secrets and policies (SPIKE SDK, spiffeid/auth.go): everything for the superuser, nothing
 * for a lite workload. All other callers depend on policies, including recovery operators and SPIKE's own components.
 */
export function roleAccess(role: Role | undefined): "unrestricted" | "denied" | "by-policy" {
  switch (role) {
    case "superuser":
      return "unrestricted";
    case "lite":
      return "denied";
    case "recover":
    case "restore":
    case "nexus":
    case "bootstrap":
    case undefined:
      return "by-policy";
  }
}
