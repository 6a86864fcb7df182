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
export const MAX_BUNDLE_CHARACTERS = 65_536;

/** More entries than any domain has: each is read with every request of the domain, whoever sends it. */
export const MAX_ENTRIES = 100;

/** How many entries a bundle has, those of no use included. */
export function entriesOf({ keys, authorities, ignored }: BundleKeys): number {
  return keys.length + authorities.length + ignored.length;
}

/** What a write of a bundle leaves in the audit: `spiffe_sequence` in decimal, so that a touched row can't take it along. */
export interface WrittenBundle {
  readonly sequence: string | null;
}

/** Reads back what such a write left; undefined when it is none of these. */
export function readSequence(outcome: unknown): WrittenBundle | undefined {
  if (typeof outcome !== "object" || outcome === null || !("sequence" in outcome)) return undefined;
  const { sequence } = outcome;
  return sequence === null || (typeof sequence === "string" && /^\d+$/.test(sequence)) ? { sequence } : undefined;
}

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
