import { slotOfRow, verifyAuthorityRow, withRow } from "../commit/authority-row.ts";
import type { RewrapInput } from "../commit/build-change.ts";
import { SealError } from "../seal/seal-error.ts";
import type { AuthorityTrie } from "../commit/authority/trie.ts";
import type { BundleRow } from "../store/rows.ts";
import type { BundleChange } from "../store/store.ts";
import { BUNDLES } from "./bundles.ts";
import { sealBundle } from "./seal-bundle.ts";
import type { BundleOutcome } from "./stored-bundle.ts";

/** The change that signs a stored bundle under the primary key of `ring`. @throws SealError if the bundle does not verify */
export async function rewrapBundle(
  loaded: BundleRow,
  { ring, store, trie, writeId }: RewrapInput,
): Promise<{ readonly change: BundleChange; readonly outcome: BundleOutcome; readonly trie: AuthorityTrie }> {
  const { trustDomain } = loaded;
  const bundle = await verifyAuthorityRow(BUNDLES, { ring, store, trie, name: trustDomain, row: loaded });
  if (bundle === undefined) throw new SealError("inconsistent", `bundle of "${trustDomain}" is missing`);
  const { version, keyId: _, mac: __, ...columns } = bundle.row;
  const row = await sealBundle(ring, store.storeId, {
    ...columns,
    slot: slotOfRow(BUNDLES, trustDomain).prefix,
    writeId,
    base: store.revision,
    epoch: store.epoch,
  });
  return {
    change: { kind: "update", seen: version, row },
    outcome: { sequence: row.sequence },
    trie: withRow(BUNDLES, trie, { name: trustDomain, row }),
  };
}
