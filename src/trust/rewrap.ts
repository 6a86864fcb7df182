import type { RewrapInput } from "../commit/audited-write.ts";
import { SealError } from "../seal/seal-error.ts";
import type { BundleChange, BundleView } from "../store/store.ts";
import { sealBundle } from "./seal-bundle.ts";
import type { WrittenBundle } from "./stored-bundle.ts";
import { verifyBundle } from "./verify-bundle.ts";

/**
 * The change that puts a stored bundle under the primary key of `place.ring`. Nothing else of it changes.
 *
 * @throws SealError when it is not what this service wrote last
 */
export async function rewrapBundle(
  view: BundleView,
  { ring, store, writeId }: RewrapInput,
): Promise<{ readonly change: BundleChange; readonly outcome: WrittenBundle }> {
  const trustDomain = view.row?.trustDomain ?? "";
  const bundle = await verifyBundle(ring, store, { trustDomain, view });
  if (bundle === undefined) throw new SealError("inconsistent", `bundle of "${trustDomain}" is missing`);
  const { version, keyId: _, mac: __, ...columns } = bundle.row;
  const row = await sealBundle(ring, store.storeId, { ...columns, writeId, epoch: store.epoch });
  return { change: { kind: "update", seen: version, row }, outcome: { sequence: row.sequence } };
}
