import { asc, gt, type SQL, sql } from "drizzle-orm";
import { alias, type SQLiteColumn } from "drizzle-orm/sqlite-core";
import type { AuditRow, AuthorityNode } from "../../rows.ts";
import type { Examined, Page, RowWithTail, SecretView, TrieLevel } from "../../store.ts";
import { db, placeholder } from "../query-builder.ts";
import { audit, authority, policies, secrets, secretVersions, trustBundles } from "../schema.ts";
import { orNull, readInteger, readText } from "./cell-readers.ts";
import { jsonColumn } from "./column.ts";
import { fields, type Json, list, mapped, page, rowOf, text, verifiableRowOf } from "./json.ts";
import { MAX_BYTES } from "./max-bytes.ts";
import { secretView } from "./outdated-parts.ts";
import { type Asked, columnPart, type Part, partOf, withSlots } from "./part.ts";
import { bundleWithTail, policyWithTail, withTails } from "./tails.ts";

/** Parts for the verification of all rows, page by page. */

const secretPage: SQL = sql`(${db
  .select()
  .from(secrets)
  .where(gt(secrets.path, placeholder("secretsAfter")))
  .orderBy(asc(secrets.path))
  .limit(placeholder("secretsLimit"))})`;

export const secretsPart = columnPart<Asked<"secrets">, Page<SecretView>>(
  jsonColumn(
    page(secretView, withTails("secret", secretPage), {
      limit: sql`${placeholder("secretsLimit")}`,
      maxBytes: MAX_BYTES.secrets,
    }),
  ),
  ({ after, limit }) => ({ secretsAfter: after, secretsLimit: limit + 1 }),
);

/** All rows of a table, after the name in the placeholder. */
const rowsAfter = (name: SQLiteColumn, list: string): SQL =>
  sql`(select * from ${name.table} where ${name} > ${placeholder(`${list}After`)} order by ${name} limit ${placeholder(`${list}Limit`)})`;

function withTailsPart<Row>(
  row: Json<RowWithTail<Row>>,
  { kind, list, name }: { readonly kind: "policy" | "bundle"; readonly list: string; readonly name: SQLiteColumn },
): Part<After, Page<RowWithTail<Row>>> {
  const rows = rowsAfter(name, list);
  const limit: SQL = sql`${placeholder(`${list}Limit`)}`;
  return withSlots(
    columnPart(
      jsonColumn(page(row, withTails(kind, rows), { limit, maxBytes: MAX_BYTES.withTails })),
      ({ after, limit }: After) => ({ [`${list}After`]: after, [`${list}Limit`]: limit + 1 }),
    ),
    sql`select slot from ${rows}`,
  );
}

type After = Asked<"policiesWithTails">;

export const policiesWithTailsPart = withTailsPart(policyWithTail, {
  kind: "policy",
  list: "tailedPolicies",
  name: policies.name,
});

export const bundlesWithTailsPart = withTailsPart(bundleWithTail, {
  kind: "bundle",
  list: "tailedBundles",
  name: trustBundles.trustDomain,
});

/** The rows of `from` that are kept, among the names that a walk has examined, and where the walk ended. */
function examined<T>(
  row: Json<T>,
  names: SQL,
  { limit, keep }: { readonly limit: SQL; readonly keep: SQL },
): Json<Examined<T>> {
  const { sql: query, read } = fields<{ rows: readonly T[]; next: string | null }>({
    rows: { sql: sql`json(json_group_array(json(${row.sql})) filter (where ${keep}))`, read: list(row, sql``).read },
    next: { sql: sql`iif(count(*) = ${limit}, max(x.name), null)`, read: orNull(readText) },
  });
  return {
    sql: sql`(${names} select ${query} from names x where x.name is not null)`,
    read: (value) => {
      const { rows, next } = read(value);
      return { rows, next: next ?? undefined };
    },
  };
}

/** The first names after another one, each found by one search of an index, however many rows have it. */
const namesIn = (column: SQL, table: SQL, { after, limit }: { readonly after: SQL; readonly limit: SQL }): SQL =>
  sql`with recursive names(name) as (select min(${column}) from ${table} where ${column} > ${after}
    union all select (select min(${column}) from ${table} where ${column} > n.name) from names n where n.name is not null
    limit ${limit})`;

const headlessLimit: SQL = sql`${placeholder("headlessLimit")}`;

export const headlessPart = columnPart<Asked<"headless">, Examined<string>>(
  jsonColumn(
    examined(
      { sql: sql`json_quote(x.name)`, read: readText },
      namesIn(sql`path`, sql`${secretVersions}`, { after: sql`${placeholder("headlessAfter")}`, limit: headlessLimit }),
      { limit: headlessLimit, keep: sql`not exists (select 1 from ${secrets} h where h.path = x.name)` },
    ),
  ),
  ({ after, limit }) => ({ headlessAfter: after, headlessLimit: limit }),
);

/** The kinds of resources that have a row. Each kind and its colon have 7 characters. */
const hasNoRow: SQL = sql`case substr(x.name, 1, 7)
  when 'secret:' then not exists (select 1 from ${secrets} r where r.path = substr(x.name, 8))
  when 'policy:' then not exists (select 1 from ${policies} r where r.name = substr(x.name, 8))
  when 'bundle:' then not exists (select 1 from ${trustBundles} r where r.trust_domain = substr(x.name, 8))
  else 0 end`;

const tail = alias(audit, "t");
const tailRow: Json<AuditRow> = verifiableRowOf(tail);

const rowlessLimit: SQL = sql`${placeholder("rowlessLimit")}`;

export const rowlessPart = columnPart<Asked<"rowless">, Examined<AuditRow>>(
  jsonColumn(
    examined<AuditRow>(
      {
        sql: sql`(select ${tailRow.sql} from ${audit} t where t.resource = x.name order by t.revision desc limit 1)`,
        read: tailRow.read,
      },
      namesIn(sql`resource`, sql`${audit}`, { after: sql`${placeholder("rowlessAfter")}`, limit: rowlessLimit }),
      { limit: rowlessLimit, keep: hasNoRow },
    ),
  ),
  ({ after, limit }) => ({ rowlessAfter: after, rowlessLimit: limit }),
);

const node = alias(authority, "x");
const levelLimit: SQL = sql`${placeholder("levelLimit")}`;
const first: SQL = sql`${placeholder("levelFirst")}`;

/** Nodes of one depth. Their ids are from 4^depth to 2 * 4^depth - 1. */
const level: SQL = sql`(select id, content from ${authority}
  where id > max(${placeholder("levelAfter")}, ${first} - 1) and id < 2 * ${first} order by id limit ${levelLimit})`;

const ancestors: SQL = sql`(select n.id, n.content from ${authority} n where n.id in (
  select x.id >> k.value from ${level} x cross join json_each('[2,4,6,8,10,12,14,16,18,20,22,24]') k) order by n.id) x`;

const children: SQL = sql`(select c.id from ${level} p cross join json_each('[0,1,2,3]') k
  cross join ${authority} c on c.id = 4 * p.id + k.value where substr(p.content, 1, 1) = x'01') x`;

const shift: SQL = sql`${placeholder("levelShift")}`;

/** The slots below the leaves, and those between them. */
const span: SQL = sql`(select (min(p.id) - ${first}) << ${shift} as low, (max(p.id) + 1 - ${first}) << ${shift} as high
  from ${level} p where substr(p.content, 1, 1) = x'00') s`;

const resources: SQL = sql`(select 'policy:' || p.name as name from ${span} cross join ${policies} p
    on p.slot >= s.low and p.slot < s.high
  union all select 'bundle:' || b.trust_domain from ${span} cross join ${trustBundles} b
    on b.slot >= s.low and b.slot < s.high limit ${placeholder("levelResources")}) x`;

const nodeJson: Json<AuthorityNode> = rowOf(node);

/** Maximum number of resources. A leaf has at most 8, so a page of nodes has at most 8 times as many. */
const RESOURCES_PER_NODE = 16;

export const levelPart = partOf<Asked<"level">, TrieLevel, TrieLevel>(
  {
    nodes: jsonColumn(page(nodeJson, sql`${level} x`, { limit: levelLimit, maxBytes: MAX_BYTES.level })),
    ancestors: jsonColumn(list(nodeJson, ancestors)),
    children: jsonColumn(list({ sql: sql`x.id`, read: readInteger }, children)),
    resources: jsonColumn(
      page(
        mapped(text(sql`json_quote(x.name)`), (name) => name),
        resources,
        {
          limit: sql`${placeholder("levelResources")}`,
          maxBytes: MAX_BYTES.level,
        },
      ),
    ),
  },
  ({ after, depth, limit }) => ({
    levelAfter: after,
    levelLimit: limit + 1,
    levelFirst: 4 ** depth,
    levelShift: 48 - 2 * depth,
    levelResources: RESOURCES_PER_NODE * limit + 1,
  }),
  (found) => found,
);
