import { importTrustBundle, type TrustBundle } from "../identity/bundle/trust-bundle.ts";
import type { TrustDomain } from "../identity/spiffe-id.ts";
import type { Config } from "./config.ts";

export interface ImportedBundles {
  readonly bundles: ReadonlyMap<TrustDomain, TrustBundle>;
  /** Bundles that have entries, but no usable one. No identity of the domain could authenticate. */
  readonly problems: readonly string[];
  /** Ignored entries, and empty bundles: an operator may want to trust no identity of a domain. */
  readonly warnings: readonly string[];
}

/** A bundle can have thousands of entries. */
const MAX_LISTED = 10;

/** Imports the keys of all configured bundles. */
export async function importBundles({ bundles, certificates }: Config): Promise<ImportedBundles> {
  const imported = await Promise.all(
    [...bundles].map(async ([domain, keys]) => [domain, await importTrustBundle(keys)] as const),
  );
  const reports = imported.map(([domain, bundle]) => reportOn(domain, bundle, certificates.kind !== "none"));
  return {
    bundles: new Map(imported),
    problems: reports.flatMap(({ problem }) => problem ?? []),
    warnings: reports.flatMap(({ warning }) => warning ?? []),
  };
}

function reportOn(
  domain: TrustDomain,
  { keys, authorities, ignored }: TrustBundle,
  acceptsCertificates: boolean,
): { readonly problem?: string; readonly warning?: string } {
  const bundle = `SPIKE_TRUST_BUNDLES has a bundle for "${domain}"`;
  const isEmpty = keys.size === 0 && authorities.length === 0;
  if (ignored.length > 0) {
    return isEmpty
      ? { problem: `${bundle} without a usable entry: ${listOf(ignored)}` }
      : { warning: `${bundle} with ignored entries: ${listOf(ignored)}` };
  }
  if (isEmpty) return { warning: `${bundle} without entries: no identity of this domain can authenticate` };
  if (keys.size === 0 && !acceptsCertificates) {
    return {
      warning: `${bundle} without keys for tokens, and SPIKE_CLIENT_CERTIFICATES is none: no identity of this domain can authenticate`,
    };
  }
  return {};
}

function listOf(ignored: TrustBundle["ignored"]): string {
  const listed = ignored.slice(0, MAX_LISTED).map(({ entry, reason }) => `${entry} (${reason})`);
  const more = ignored.length > MAX_LISTED ? ` and ${ignored.length - MAX_LISTED} more` : "";
  return `entry ${listed.join(", ")}${more}`;
}
