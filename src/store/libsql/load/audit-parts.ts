import { and, asc, eq, gt, gte, lt, lte, or, sql, type SQL } from "drizzle-orm";
import { alias, type SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { AuditRow } from "../../rows.ts";
import type { EntryMac, Page } from "../../store.ts";
import { db, placeholder, type Values } from "../query-builder.ts";
import { audit, store } from "../schema.ts";
import { type Column, jsonColumn } from "./column.ts";
import { type Json, list, one, page as pageIn, row, verifiableRowOf } from "./json.ts";
import { MAX_BYTES } from "./max-bytes.ts";
import { type Asked, columnPart, type Part, partOf } from "./part.ts";
import { ifShown } from "./scope.ts";
import { tailOf } from "./tails.ts";

type AuditPart = Part<Asked<"audit">, Page<AuditRow>>;

/** Audit entries by revision. */
export function auditPart({ resource }: Asked<"audit">): AuditPart {
  return resource === undefined ? allEntries : entriesOfResource;
}

const entry = alias(audit, "x");

/** A page of audit entries that a query returns as rows. */
const entries = (query: SQL, bounds: { readonly limit: SQL; readonly maxBytes: number }): Json<Page<AuditRow>> =>
  pageIn<AuditRow>(verifiableRowOf(entry), sql`${query} x`, bounds);

/** A filter is off while its placeholder is NULL. */
const ifAsked = (name: string, condition: (value: SQL) => SQL): SQL | undefined => {
  const value: SQL = sql`${placeholder(name)}`;
  return or(sql`${value} is null`, condition(value));
};

/** The revision that a page begins behind. */
const startOf = (page: "audit" | "context"): SQL =>
  sql`max(${placeholder(`${page}After`)}, case when ${placeholder(`${page}AboveFloor`)} then ${store.auditFloor} else 0 end)`;

const isWithin = (column: SQLiteColumn): SQL | undefined =>
  and(
    ifAsked("from", (time) => gte(column, time)),
    ifAsked("until", (time) => lt(column, time)),
  );

const filter = and(
  gt(audit.revision, startOf("audit")),
  ifAsked("upTo", (revision) => lte(audit.revision, revision)),
  ifAsked("spiffeId", (spiffeId) => eq(audit.spiffeId, spiffeId)),
  or(isWithin(audit.at), isWithin(audit.workerAt)),
);

const page = (condition: SQL | undefined): SQL =>
  sql`${db.select().from(audit).where(condition).orderBy(asc(audit.revision)).limit(placeholder("auditLimit"))}`;

const bounds = { limit: sql`${placeholder("auditLimit")}`, maxBytes: MAX_BYTES.audit } as const;

const allEntries = auditPartOf(jsonColumn(entries(page(filter), bounds)));
const entriesOfResource = auditPartOf(
  jsonColumn(entries(page(and(eq(audit.resource, placeholder("auditResource")), filter)), bounds)),
);

function auditPartOf(column: Column<Page<AuditRow>>): AuditPart {
  return columnPart(
    column,
    ({ resource = null, upTo = null, spiffeId = null, from = null, until = null, ...page }) => ({
      auditResource: resource,
      upTo,
      spiffeId,
      from,
      until,
      ...pageValues("audit", page),
    }),
  );
}

const contextPage: SQL = sql`(select revision, resource, base, epoch from ${audit}
  where revision > ${startOf("context")} order by revision limit ${placeholder("contextLimit")})`;

/** Entries that raised the epoch to one of a page, of the entry before it, or of the store. */
const raisedEpochs: SQL = sql`r.revision from
    (select min(p.epoch) - 1 as first, max(p.epoch) as last from (select epoch from ${contextPage}
      union all select epoch from ${audit} where revision = ${startOf("context")}) p) e
  cross join ${audit} r on r.leads_to is not null and r.epoch between e.first and e.last
  union select r.revision from ${audit} r where r.leads_to is not null and r.epoch = ${store.epoch} - 1`;

/** Entries before a page that the page refers to: by chain, by base, or as the entry at which it begins. */
export const auditContextPart = columnPart(
  jsonColumn(
    entries(
      sql`(select a.* from ${audit} a where a.revision <= ${startOf("context")} and a.revision in (
          select (select max(b.revision) from ${audit} b where b.resource = p.resource and b.revision < p.revision)
            from ${contextPage} p
          union select p.base from ${contextPage} p union select ${startOf("context")} union select ${raisedEpochs})
        order by a.revision)`,
      // At most two entries for each entry of the page, the one that the page begins after, and those that raised an epoch. More
      // of them mean that the database is dishonest.
      { limit: sql`3 * ${placeholder("contextLimit")} + 10`, maxBytes: MAX_BYTES.auditContext },
    ),
  ),
  (page: Asked<"auditContext">) => pageValues("context", page),
);

/** The newest entry of a resource. */
export const chainPart = partOf(
  { tail: jsonColumn(ifShown(tailOf(sql`${placeholder("chainOf")}`))) },
  ({ resource }: Asked<"chain">) => ({ chainOf: resource }),
  (chain) => chain,
);

/** Entries that raised the epoch, from the highest epoch down. */
export const authorityEntriesPart = columnPart(
  jsonColumn(
    entries(
      sql`(select a.* from ${audit} a where a.leads_to is not null order by a.epoch desc, a.revision desc
        limit ${placeholder("authorityLimit")})`,
      { limit: sql`${placeholder("authorityLimit")}`, maxBytes: MAX_BYTES.audit },
    ),
  ),
  ({ limit }: Asked<"authorityEntries">) => ({ authorityLimit: limit + 1 }),
);

/** A semicolon is the character after a colon. */
export const acknowledgementsPart = columnPart<Asked<"acknowledgements">, Page<AuditRow>>(
  jsonColumn(
    entries(
      sql`(select a.* from ${audit} a where a.resource > 'acknowledgement:' and a.resource < 'acknowledgement;'
        order by a.resource, a.revision limit 1000)`,
      { limit: sql`1000`, maxBytes: MAX_BYTES.acknowledgements },
    ),
  ),
);

/** MACs of the entries at some revisions. */
export const entryMacsPart = columnPart<Asked<"entryMacs">, readonly EntryMac[]>(
  jsonColumn(
    list<EntryMac>(
      row({ revision: entry.revision, mac: entry.mac }),
      sql`${audit} x where ${entry.revision} in (select value from json_each(${placeholder("markRevisions")}))`,
    ),
  ),
  ({ revisions }) => ({ markRevisions: JSON.stringify(revisions) }),
);

/** The entry of a write id. */
export const replay = jsonColumn<AuditRow | undefined>(
  one(verifiableRowOf(entry), (select) => select.from(entry).where(eq(entry.writeId, placeholder("replayOf")))),
);

function pageValues(page: "audit" | "context", asked: Asked<"auditContext">): Values {
  const { after, limit, aboveFloor = false } = asked;
  const limits = { auditLimit: limit + 1, contextLimit: limit };
  return { [`${page}After`]: after, [`${page}Limit`]: limits[`${page}Limit`], [`${page}AboveFloor`]: aboveFloor };
}
