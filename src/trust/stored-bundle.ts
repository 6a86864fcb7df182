import type { BundleKeys } from "../identity/bundle/trust-bundle.ts";
import type { BundleRow } from "../store/rows.ts";

/** A verified and current bundle: its row and its parsed text. */
export interface StoredBundle {
  /** Row version. `cas` is compared with it. */
  readonly version: number;
  readonly row: BundleRow;
  readonly keys: BundleKeys;
}

/** Maximum size of a stored bundle. Every request from its trust domain loads it. */
export const MAX_BUNDLE_CHARACTERS = 65_536;

/** Maximum number of entries. Every request that claims an identity of the domain parses them, before authentication. */
export const MAX_ENTRIES = 100;

/** A stored trust domain that no identity can authenticate from, until its endpoint returns a bundle. */
export const EMPTY_BUNDLE = '{"keys":[]}';

/** Number of entries, including the ignored ones. */
export function countEntries({ keys, authorities, ignored }: BundleKeys): number {
  return keys.length + authorities.length + ignored.length;
}

/** The outcome of a put or refresh in the audit: `spiffe_sequence` in decimal, so that it survives an altered row. */
export interface BundleOutcome {
  readonly sequence: string | null;
}

/** Parses a recorded outcome. Undefined if it is not a {@link BundleOutcome}. */
export function parseBundleOutcome(outcome: unknown): BundleOutcome | undefined {
  if (typeof outcome !== "object" || outcome === null || !("sequence" in outcome)) return undefined;
  const { sequence } = outcome;
  return sequence === null || (typeof sequence === "string" && /^\d+$/.test(sequence)) ? { sequence } : undefined;
}

/**
 * Whether a bundle must not replace the stored one (SPIFFE Trust Domain and Bundle, section 4.1.1): its `spiffe_sequence`
 * is lower, or it has none although the stored bundle has one. Otherwise a replayed old bundle would restore keys that a
 * newer bundle revoked.
 */
export function isOutdated(next: Pick<BundleKeys, "sequence">, stored: Pick<BundleKeys, "sequence">): boolean {
  return stored.sequence !== undefined && (next.sequence === undefined || next.sequence < stored.sequence);
}
