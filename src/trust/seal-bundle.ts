import type { KeyRing } from "../seal/key-ring.ts";
import { computeMac } from "../seal/mac.ts";
import type { BundleValues } from "../store/rows.ts";
import { bundleContext } from "./bundle-record.ts";

/** Adds the MAC under the primary key. The row is not encrypted, because a bundle holds only public keys. */
export async function sealBundle(
  ring: KeyRing,
  storeId: string,
  draft: Omit<BundleValues, "keyId" | "mac">,
): Promise<BundleValues> {
  const unsigned = { ...draft, keyId: ring.primary.id };
  return { ...unsigned, mac: await computeMac(ring.primary, bundleContext(storeId, unsigned)) };
}
