import { acknowledgementsPart, auditContextPart, auditPart, authorityEntriesPart, chainPart } from "./audit-parts.ts";
import { entryMacsPart } from "./audit-parts.ts";
import { grantsPart, identityGrantsPart } from "./grant-parts.ts";
import { heartbeatPart } from "./heartbeat-part.ts";
import { keyCountsPart, keyUsePart } from "./key-parts.ts";
import { bundlePart, bundlesPart, policiesPart, policyPart, trustPart } from "./named-row-parts.ts";
import { outdatedBundlesPart, outdatedPoliciesPart, outdatedSecretsPart } from "./outdated-parts.ts";
import type { Asked, Found, Part, PartName } from "./part.ts";
import { pathPart } from "./path-part.ts";
import { secretPart } from "./secret-part.ts";
import { bundlesWithTailsPart, policiesWithTailsPart } from "./walk-parts.ts";
import { headlessPart, levelPart, rowlessPart, secretsPart } from "./walk-parts.ts";

/** Every part that a query may contain. Some have several forms, which need different columns. */
export const PARTS: Readonly<{ [Name in PartName]: (asked: Asked<Name>) => Part<Asked<Name>, Found<Name>> }> = {
  secret: secretPart,
  paths: pathPart,
  grants: () => grantsPart,
  identityGrants: () => identityGrantsPart,
  policy: () => policyPart,
  policies: () => policiesPart,
  trust: () => trustPart,
  bundle: () => bundlePart,
  bundles: () => bundlesPart,
  audit: auditPart,
  auditContext: () => auditContextPart,
  acknowledgements: () => acknowledgementsPart,
  authorityEntries: () => authorityEntriesPart,
  chain: () => chainPart,
  secrets: () => secretsPart,
  policiesWithTails: () => policiesWithTailsPart,
  bundlesWithTails: () => bundlesWithTailsPart,
  headless: () => headlessPart,
  rowless: () => rowlessPart,
  level: () => levelPart,
  entryMacs: () => entryMacsPart,
  heartbeat: () => heartbeatPart,
  keyUse: () => keyUsePart,
  keyCounts: () => keyCountsPart,
  outdatedSecrets: () => outdatedSecretsPart,
  outdatedPolicies: () => outdatedPoliciesPart,
  outdatedBundles: () => outdatedBundlesPart,
};

// The keys of PARTS are the names of the parts.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const PART_NAMES: readonly PartName[] = Object.keys(PARTS) as PartName[];
