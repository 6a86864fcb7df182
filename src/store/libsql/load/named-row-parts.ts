import { asc, eq, gt, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { BundleRow, PolicyRow } from "../../rows.ts";
import { db, placeholder, type Values } from "../query-builder.ts";
import { policies, trustBundles } from "../schema.ts";
import { jsonColumn } from "./column.ts";
import { type Json, one, page, rowOf } from "./json.ts";
import { MAX_BYTES } from "./max-bytes.ts";
import { type Asked, columnPart, partOf } from "./part.ts";
import { ifProvable, ifShown } from "./scope.ts";
import { bundleWithTail, policyWithTail, tailOf, withTails } from "./tails.ts";

const policy = alias(policies, "p");
const bundle = alias(trustBundles, "b");

const policyNamed = (name: string): Json<PolicyRow | undefined> =>
  one(rowOf(policy), (select) => select.from(policy).where(eq(policy.name, placeholder(name))));

const bundleOf = (trustDomain: string): Json<BundleRow | undefined> =>
  one(rowOf(bundle), (select) => select.from(bundle).where(eq(bundle.trustDomain, placeholder(trustDomain))));

export const policyPart = partOf(
  {
    row: jsonColumn(ifShown(policyNamed("policyName"))),
    tail: jsonColumn(ifShown(tailOf(sql`'policy:' || ${placeholder("policyName")}`))),
  },
  ({ name }: Asked<"policy">) => ({ policyName: name }),
  (view) => view,
);

const policyPage = db
  .select()
  .from(policies)
  .where(gt(policies.name, placeholder("policiesAfter")))
  .orderBy(asc(policies.name))
  .limit(placeholder("policiesLimit"));

export const policiesPart = columnPart(
  jsonColumn(
    ifShown(
      page(policyWithTail, withTails("policy", policyPage), {
        limit: sql`${placeholder("policiesLimit")}`,
        maxBytes: MAX_BYTES.policies,
      }),
    ),
  ),
  ({ after, limit }: Asked<"policies">) => ({ policiesAfter: after, policiesLimit: limit + 1 }),
);

/** The bundle of the caller's own trust domain. The scope has its domain already. */
export const trustPart = partOf(
  {
    row: jsonColumn(ifProvable(bundleOf("guardDomain"))),
    tail: jsonColumn(ifProvable(tailOf(sql`'bundle:' || ${placeholder("guardDomain")}`))),
  },
  (): Values => ({}),
  (view) => view,
);

/** Not guarded: only the superuser may use the verbs of bundles. */
export const bundlePart = partOf(
  {
    row: jsonColumn(bundleOf("bundleDomain")),
    tail: jsonColumn(tailOf(sql`'bundle:' || ${placeholder("bundleDomain")}`)),
  },
  ({ trustDomain }: Asked<"bundle">) => ({ bundleDomain: trustDomain }),
  (view) => view,
);

const bundlePage = db
  .select()
  .from(trustBundles)
  .where(gt(trustBundles.trustDomain, placeholder("bundlesAfter")))
  .orderBy(asc(trustBundles.trustDomain))
  .limit(placeholder("bundlesLimit"));

export const bundlesPart = columnPart(
  jsonColumn(
    page(bundleWithTail, withTails("bundle", bundlePage), {
      limit: sql`${placeholder("bundlesLimit")}`,
      maxBytes: MAX_BYTES.bundles,
    }),
  ),
  ({ after, limit }: Asked<"bundles">) => ({ bundlesAfter: after, bundlesLimit: limit + 1 }),
);
