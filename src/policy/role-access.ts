import type { Role } from "../identity/role.ts";

/**
 * What a caller's role says of secrets and policies, before any policy is asked (SPIKE SDK, spiffeid/auth.go): the superuser
 * may do everything, a lite workload nothing; everybody else, operators for recovery and the service's own identities
 * included, is an ordinary workload.
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
