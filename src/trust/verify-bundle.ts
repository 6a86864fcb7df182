import {
  type NamedResource,
  replaceable,
  type Replaceable,
  requireAbsentRow,
  requireCurrentRow,
} from "../commit/authority-row.ts";
import { parseTrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { requireMac } from "../seal/mac.ts";
import { SealError } from "../seal/seal-error.ts";
import type { StoreRow } from "../store/rows.ts";
import type { BundleView } from "../store/store.ts";
import { bundleContext } from "./bundle-record.ts";
import type { BundleProblem } from "./deps.ts";
import type { StoredBundle } from "./stored-bundle.ts";

/** A bundle as the audit and the operator's log name it. */
function namedBundle(trustDomain: string): NamedResource {
  return { resource: `bundle:${trustDomain}`, title: `bundle of "${trustDomain}"` };
}

/**
 * The stored bundle of a trust domain, authentic and standing; nothing where there is none. Whoever could put a bundle of his
 * own here, or an older one back, could sign as anybody of that domain. @throws SealError
 */
export async function verifyBundle(
  ring: KeyRing,
  store: StoreRow,
  { trustDomain, view }: { readonly trustDomain: string; readonly view: BundleView },
): Promise<StoredBundle | undefined> {
  const { row, tail } = view;
  const named = namedBundle(trustDomain);
  if (row === undefined) {
    await requireAbsentRow(ring, store, { named, tail });
    return undefined;
  }
  // Rows of another domain are as authentic: its keys must not vouch for this one.
  if (row.trustDomain !== trustDomain) {
    throw new SealError("inconsistent", `${named.title} was asked for, and another one given`);
  }
  await Promise.all([
    requireCurrentRow(ring, store, { named, row, tail }),
    requireMac(ring, bundleContext(store.storeId, row), row),
  ]);
  const keys = parseTrustBundle(row.bundle);
  if (!keys.ok) throw new SealError("malformed", `${named.title} ${keys.problem}`);
  return { version: row.version, row, keys };
}

/** The bundle of that domain for whoever puts or deletes it, see {@link replaceable}. @throws SealError */
export async function replaceableBundle(
  ring: KeyRing,
  store: StoreRow,
  asked: {
    readonly trustDomain: string;
    readonly view: BundleView;
    readonly report: (problem: BundleProblem) => void;
  },
): Promise<Replaceable<StoredBundle> | undefined> {
  const { trustDomain, view, report } = asked;
  const { row, tail } = view;
  return await replaceable(ring, store, {
    named: namedBundle(trustDomain),
    version: row?.trustDomain === trustDomain ? row.version : undefined,
    tail,
    verify: async () => await verifyBundle(ring, store, asked),
    report: (fault) => report({ trustDomain, ...fault }),
  });
}
