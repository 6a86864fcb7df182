import { desc, eq, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { AuditRow, BundleRow, PolicyRow } from "../../rows.ts";
import type { RowWithTail } from "../../store.ts";
import { audit, policies, secrets, trustBundles } from "../schema.ts";
import { fields, joined, type Json, one, verifiableRowOf } from "./json.ts";

/** Alias of rows in a list: see {@link withTails}. */
const ROW = "x";

const entry = alias(audit, "a");
const policy = alias(policies, ROW);
const bundle = alias(trustBundles, ROW);
const secret = alias(secrets, ROW);

const resourceOf = {
  policy: sql`'policy:' || ${policy.name}`,
  bundle: sql`'bundle:' || ${bundle.trustDomain}`,
  secret: sql`'secret:' || ${secret.path}`,
} as const;

const tail = joined<AuditRow>(verifiableRowOf(entry));

/** Rows of a query with the alias `x`. */
export const policyRow: Json<PolicyRow> = verifiableRowOf(policy);
export const bundleRow: Json<BundleRow> = verifiableRowOf(bundle);

export const policyWithTail: Json<RowWithTail<PolicyRow>> = fields({ row: policyRow, tail });
export const bundleWithTail: Json<RowWithTail<BundleRow>> = fields({ row: bundleRow, tail });
/** Columns of the row of a secret, with its newest audit entry. */
export const headWithTail = { head: verifiableRowOf(secret), tail } as const;

/** Rows of a query in parentheses, each with the newest audit entry of its resource. */
export function withTails(kind: keyof typeof resourceOf, query: SQLWrapper): SQL {
  return sql`${query} x left join ${audit} a
    on a.revision = (select max(b.revision) from ${audit} b where b.resource = ${resourceOf[kind]})`;
}

/** The newest audit entry of a resource. */
export function tailOf(resource: SQL): Json<AuditRow | undefined> {
  return one(verifiableRowOf(entry), (select) =>
    select.from(entry).where(eq(entry.resource, resource)).orderBy(desc(entry.revision)).limit(1),
  );
}
