import type { AuthorityTable } from "../commit/authority-row.ts";
import type { PolicyRow } from "../store/rows.ts";
import type { Policy } from "./policy.ts";
import { openPolicy } from "./seal-policy.ts";

/** Policies as authority rows. */
export const POLICIES: Readonly<AuthorityTable<PolicyRow, Policy>> = {
  kind: "policy",
  title: (name) => `policy "${name}"`,
  nameOf: ({ name }) => name,
  query: (name) => ({ policy: { name } }),
  viewIn: ({ policy }) => policy,
  open: openPolicy,
  writtenAt: ({ updatedAt }) => updatedAt,
  removal: (name, seen) => ({ policy: { kind: "remove", seen, name } }),
};
