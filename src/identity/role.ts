import { pathOf, trustDomainOf, type SpiffeId, type TrustDomain } from "./spiffe-id.ts";

/** Rights that SPIKE grants by SPIFFE ID instead of by policy. */
export type Role = "superuser" | "recover" | "restore" | "nexus" | "bootstrap" | "lite";

/** The trust domains whose IDs may hold each role. `pilot` covers the three operator roles. An empty list grants none. */
export interface TrustRoots {
  readonly pilot: readonly TrustDomain[];
  readonly nexus: readonly TrustDomain[];
  readonly bootstrap: readonly TrustDomain[];
  readonly liteWorkload: readonly TrustDomain[];
}

/** spike-sdk-go, `spiffeid`. No path is a prefix of another, so an ID has at most one role. */
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
 * An ID has a role if its trust domain is one of the role's roots and its path is the role's path or below it:
 * `/spike/nexus/pod-1`, but not `/spike/nexus-2`. Paths are case-sensitive.
 */
export function roleOf(id: SpiffeId, roots: TrustRoots): Role | undefined {
  const trustDomain = trustDomainOf(id);
  const path = pathOf(id);
  return ROLE_PATHS.find(
    (entry) => (path === entry.path || path.startsWith(`${entry.path}/`)) && roots[entry.roots].includes(trustDomain),
  )?.role;
}
