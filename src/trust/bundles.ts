import { type AuthorityTable, slotOfRow } from "../commit/authority-row.ts";
import { parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { requireMac } from "../seal/mac.ts";
import { SealError } from "../seal/seal-error.ts";
import type { BundleRow } from "../store/rows.ts";
import { bundleContext } from "./bundle-record.ts";
import type { StoredBundle } from "./stored-bundle.ts";

/** Stored trust bundles as authority rows, named by their trust domain. */
export const BUNDLES: Readonly<AuthorityTable<BundleRow, StoredBundle>> = {
  table: "trust_bundles",
  kind: "bundle",
  title,
  nameOf: ({ trustDomain }) => trustDomain,
  query: (trustDomain) => ({ bundle: { trustDomain, slot: slotOfRow({ kind: "bundle" }, trustDomain).prefix } }),
  rowIn: ({ bundle }) => bundle,
  sealOf: ({ mac }) => mac,
  open: openBundle,
  removal: (trustDomain, seen) => ({ bundle: { kind: "remove", seen, trustDomain } }),
};

function title(trustDomain: string): string {
  return `bundle of "${trustDomain}"`;
}

async function openBundle(ring: KeyRing, storeId: string, row: BundleRow): Promise<StoredBundle> {
  await requireMac(ring, bundleContext(storeId, row), row);
  const keys = parseTrustBundle(row.bundle);
  if (!keys.ok) throw new SealError("malformed", `${title(row.trustDomain)} ${keys.problem}`);
  return { version: row.version, row, keys };
}
