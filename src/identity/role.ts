import { pathOf, trustDomainOf, type SpiffeId, type TrustDomain } from "./spiffe-id.ts";

/** A standing that SPIKE gives by SPIFFE ID, not by policy. */
export type Role = "superuser" | "recover" | "restore" | "nexus" | "bootstrap" | "lite";

/** Which trust domains' IDs may hold which roles; `pilot` stands for the three operator roles. Empty list: nobody. */
export interface TrustRoots {
  readonly pilot: readonly TrustDomain[];
  readonly nexus: readonly TrustDomain[];
  readonly bootstrap: readonly TrustDomain[];
  readonly liteWorkload: readonly TrustDomain[];
}

/** spike-sdk-go, `spiffeid`. No path is a prefix of another one, so an ID has one role at most. */
const ROLE_PATHS: readonly { readonly role: Role; readonly roots: keyof TrustRoots; readonly path: string }[] = [
  { role: "superuser", roots: "pilot", path: "/spike/pilot/role/superuser" },
  { role: "recover", roots: "pilot", path: "/spike/pilot/role/recover" },
  { role: "restore", roots: "pilot", path: "/spike/pilot/role/restore" },
  { role: "nexus", roots: "nexus", path: "/spike/nexus" },
  { role: "bootstrap", roots: "bootstrap", path: "/spike/bootstrap" },
  { role: "lite", roots: "liteWorkload", path: "/spike/workload/role/lite" },
];

/**
 * The role of a caller, or `undefined` for an ordinary workload.
 *
 * An ID has a role if its trust domain is one of the role's roots and its path is the role's path or goes on below it
 * (`/spike/nexus/pod-1`); `/spike/nexus-2` does not. Paths are compared with regard to case.
 */
export function roleOf(id: SpiffeId, roots: TrustRoots): Role | undefined {
  const trustDomain = trustDomainOf(id);
  const path = pathOf(id);
  return ROLE_PATHS.find(
    (entry) => (path === entry.path || path.startsWith(`${entry.path}/`)) && roots[entry.roots].includes(trustDomain),
  )?.role;
}
