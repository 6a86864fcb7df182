import type { Permission } from "./permission.ts";

/** What a policy says: whose SPIFFE IDs may do what on which paths. Both patterns are RE2, searched for anywhere. */
export interface PolicyRules {
  readonly spiffeIdPattern: string;
  readonly pathPattern: string;
  readonly permissions: readonly Permission[];
}

/** A policy as stored. Times in milliseconds since the epoch. */
export interface Policy extends PolicyRules {
  readonly name: string;
  /** Store revision at which it last changed: what `cas` compares with. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}
