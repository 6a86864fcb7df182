import { verifyAuthorityRow } from "../commit/authority-row.ts";
import type { RewrapInput } from "../commit/build-change.ts";
import { SealError } from "../seal/seal-error.ts";
import type { BundleChange, BundleView } from "../store/store.ts";
import { BUNDLES } from "./bundles.ts";
import { sealBundle } from "./seal-bundle.ts";
import type { BundleOutcome } from "./stored-bundle.ts";

/** The change that signs a stored bundle under the primary key of `ring`. @throws SealError if the bundle does not verify */
export async function rewrapBundle(
  view: BundleView,
  { ring, store, writeId }: RewrapInput,
): Promise<{ readonly change: BundleChange; readonly outcome: BundleOutcome }> {
  const trustDomain = view.row?.trustDomain ?? "";
  const bundle = await verifyAuthorityRow(BUNDLES, { ring, store, name: trustDomain, view });
  if (bundle === undefined) throw new SealError("inconsistent", `bundle of "${trustDomain}" is missing`);
  const { version, keyId: _, mac: __, ...columns } = bundle.row;
  const row = await sealBundle(ring, store.storeId, { ...columns, writeId, epoch: store.epoch });
  return { change: { kind: "update", seen: version, row }, outcome: { sequence: row.sequence } };
}
