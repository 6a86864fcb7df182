/**
 * Maximum sizes of lists, as JSON. libSQL limits a value to 5 000 000 bytes, and all JSON of a load is one value. Lists that may be
 * in one load must fit together. docs/operations.md has the complete table.
 */
export const MAX_BYTES = {
  /** Policies that may let a caller list some paths: about 1300 of ordinary length. */
  identityGrants: 1_500_000,
  paths: 1_500_000,
  /** In a load with at most one policy check, and with nodes of up to 2 MB. */
  policies: 2_500_000,
  bundles: 3_000_000,
  audit: 1_500_000,
  auditContext: 2_500_000,
  /** Each has at most 3 KB. In a load with a page of the audit and its context. */
  acknowledgements: 400_000,
  /** The only list of its load. One secret with 10 000 versions takes 1.3 MB. */
  outdated: 4_000_000,
  secrets: 4_000_000,
  /** With nodes of up to a kilobyte for each row. */
  withTails: 3_000_000,
  /** Nodes and resources of one depth. In a load with both, and with the nodes above. */
  level: 1_000_000,
} as const;
