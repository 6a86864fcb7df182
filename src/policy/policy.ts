import type { Permission } from "./permission.ts";

/** Which SPIFFE IDs may do what on which paths. Both patterns are RE2 and match anywhere in the text unless anchored. */
export interface PolicyRules {
  readonly spiffeIdPattern: string;
  readonly pathPattern: string;
  readonly permissions: readonly Permission[];
}

/** A policy as stored. Times in milliseconds since the epoch. */
export interface Policy extends PolicyRules {
  readonly name: string;
  /** Store revision at which the policy last changed. `cas` is compared with it. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
