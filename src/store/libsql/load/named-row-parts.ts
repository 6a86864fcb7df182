import { asc, eq, gt, sql, type SQL } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { BundleRow, PolicyRow } from "../../rows.ts";
import { db, placeholder } from "../query-builder.ts";
import { policies, trustBundles } from "../schema.ts";
import { jsonColumn } from "./column.ts";
import { type Json, one, page, verifiableRowOf } from "./json.ts";
import { MAX_BYTES } from "./max-bytes.ts";
import { type Asked, columnPart, partOf, withSlots } from "./part.ts";
import { ifProvable, ifShown } from "./scope.ts";
import { bundleRow, policyRow } from "./tails.ts";

const policy = alias(policies, "p");
const bundle = alias(trustBundles, "b");

const policyNamed = (name: string): Json<PolicyRow | undefined> =>
  one(verifiableRowOf(policy), (select) => select.from(policy).where(eq(policy.name, placeholder(name))));

const bundleOf = (trustDomain: string): Json<BundleRow | undefined> =>
  one(verifiableRowOf(bundle), (select) => select.from(bundle).where(eq(bundle.trustDomain, placeholder(trustDomain))));

export const policyPart = withSlots(
  partOf(
    { row: jsonColumn(ifShown(policyNamed("policyName"))) },
    ({ name, slot }: Asked<"policy">) => ({ policyName: name, policySlot: slot }),
    (found) => found,
  ),
  sql`select ${placeholder("policySlot")} as slot where v.shown`,
);

const policyPage: SQL = sql`(${db
  .select()
  .from(policies)
  .where(gt(policies.name, placeholder("policiesAfter")))
  .orderBy(asc(policies.name))
  .limit(placeholder("policiesLimit"))})`;

export const policiesPart = withSlots(
  columnPart(
    jsonColumn(
      ifShown(
        page(policyRow, sql`${policyPage} x`, {
          limit: sql`${placeholder("policiesLimit")}`,
          maxBytes: MAX_BYTES.policies,
        }),
      ),
    ),
    ({ after, limit }: Asked<"policies">) => ({ policiesAfter: after, policiesLimit: limit + 1 }),
  ),
  sql`select slot from ${policyPage} where v.shown`,
);

/** The bundle of the caller's own trust domain. The scope has its domain already. */
export const trustPart = withSlots(
  partOf(
    { row: jsonColumn(ifProvable(bundleOf("guardDomain"))) },
    ({ slot }: Asked<"trust">) => ({ trustSlot: slot }),
    (found) => found,
  ),
  sql`select ${placeholder("trustSlot")} as slot where v.provable`,
);

/** Not guarded: only the superuser may use the verbs of bundles. */
export const bundlePart = withSlots(
  partOf(
    { row: jsonColumn(bundleOf("bundleDomain")) },
    ({ trustDomain, slot }: Asked<"bundle">) => ({ bundleDomain: trustDomain, bundleSlot: slot }),
    (found) => found,
  ),
  sql`select ${placeholder("bundleSlot")} as slot`,
);

const bundlePage: SQL = sql`(${db
  .select()
  .from(trustBundles)
  .where(gt(trustBundles.trustDomain, placeholder("bundlesAfter")))
  .orderBy(asc(trustBundles.trustDomain))
  .limit(placeholder("bundlesLimit"))})`;

export const bundlesPart = withSlots(
  columnPart(
    jsonColumn(
      page(bundleRow, sql`${bundlePage} x`, {
        limit: sql`${placeholder("bundlesLimit")}`,
        maxBytes: MAX_BYTES.bundles,
      }),
    ),
    ({ after, limit }: Asked<"bundles">) => ({ bundlesAfter: after, bundlesLimit: limit + 1 }),
  ),
  sql`select slot from ${bundlePage}`,
);
