import type { Context } from "../seal/record.ts";
import type { BundleValues } from "../store/rows.ts";

/**
 * Input of a stored bundle's MAC: every column except `version`, which the commit assigns, `slot`, which the trust domain
 * determines, and the MAC itself. Without the MAC, write access to the database would be enough to impersonate any identity of
 * the trust domain.
 */
export function bundleContext(storeId: string, row: Omit<BundleValues, "mac" | "slot">): Context {
  return {
    label: "trust_bundles",
    fields: [
      storeId,
      row.trustDomain,
      row.writeId,
      row.base,
      row.epoch,
      row.bundle,
      row.sequence,
      row.endpointUrl,
      row.endpointProfile,
      row.refreshHint,
      row.fetchedAt,
      row.keyId,
    ],
  };
}
