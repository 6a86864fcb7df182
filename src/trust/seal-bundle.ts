import type { KeyRing } from "../seal/key-ring.ts";
import { computeMac } from "../seal/mac.ts";
import type { BundleValues } from "../store/rows.ts";
import { bundleContext } from "./bundle-record.ts";

/** Completes a bundle's row with its MAC under the primary key. Public keys need no sealing. */
export async function sealBundle(
  ring: KeyRing,
  storeId: string,
  draft: Omit<BundleValues, "keyId" | "mac">,
): Promise<BundleValues> {
  const unsigned = { ...draft, keyId: ring.primary.id };
  return { ...unsigned, mac: await computeMac(ring.primary, bundleContext(storeId, unsigned)) };
}
