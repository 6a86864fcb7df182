import { type AuthorityTable, slotOfRow } from "../commit/authority-row.ts";
import type { PolicyRow } from "../store/rows.ts";
import type { Policy } from "./policy.ts";
import { openPolicy } from "./seal-policy.ts";

/** Policies as authority rows. */
export const POLICIES: Readonly<AuthorityTable<PolicyRow, Policy>> = {
  table: "policies",
  kind: "policy",
  title: (name) => `policy "${name}"`,
  nameOf: ({ name }) => name,
  query: (name) => ({ policy: { name, slot: slotOfRow({ kind: "policy" }, name).prefix } }),
  rowIn: ({ policy }) => policy,
  sealOf: ({ sealed }) => sealed,
  open: openPolicy,
  removal: (name, seen) => ({ policy: { kind: "remove", seen, name } }),
};
