import type { BundleKeys } from "../identity/bundle/trust-bundle.ts";
import type { BundleRow } from "../store/rows.ts";

/** A stored bundle that is authentic and stands: its row, and what its text says. */
export interface StoredBundle {
  /** Row version, which `cas` compares with. */
  readonly version: number;
  readonly row: BundleRow;
  readonly keys: BundleKeys;
}

/** What a bundle is stored with. Its text is loaded with every request of its domain, so it stays small. */
export const MOST_BUNDLE_CHARACTERS = 65_536;

/** The bundle of a domain that nobody is trusted of, until its endpoint gives one. */
export const EMPTY_BUNDLE = '{"keys":[]}';

/**
 * Whether a bundle must not take the place of a stored one (SPIFFE Trust Domain and Bundle, section 4.1.1): its
 * `spiffe_sequence` is lower, or it has none where the stored one has. Otherwise an old bundle, sent again, brings back the
 * keys that its successor revoked.
 */
export function isOutdated(next: Pick<BundleKeys, "sequence">, stored: Pick<BundleKeys, "sequence">): boolean {
  return stored.sequence !== undefined && (next.sequence === undefined || next.sequence < stored.sequence);
}
