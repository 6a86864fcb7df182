import type { Role } from "../identity/role.ts";

/**
 * Whether a role may read and change secrets, any of them, without a policy. Only the superuser may; operators for
 * recovery, the service's own identities and ordinary workloads get nothing by their role.
 */
export function mayUseSecrets(role: Role | undefined): boolean {
  return role === "superuser";
}
