import { bytesToHex } from "@noble/curves/utils.js";
import { sql, type SQL } from "drizzle-orm";
import type { Bytes } from "../../rows.ts";
import type { Query } from "../../store.ts";
import { placeholder, type Values } from "../query-builder.ts";
import { policies, store, trustBundles } from "../schema.ts";
import { type Fragment, fragment } from "./column.ts";
import type { Json } from "./json.ts";
import { policyRow } from "./tails.ts";

/**
 * What a load selects from: the store row as `store`, and the verdicts on the caller as `v`. SQLite works out the verdicts first,
 * and evaluates no part that they exclude. So neither work nor time depends on what the caller may not see.
 *
 * - `v.needed`: false after a winning commit, whose snapshot is not needed.
 * - `v.provable`: the caller's claim to a trust domain may be provable.
 * - `v.shown`: some policy may concern the caller and the request.
 */
export function scopeOf({ grants, trust }: Query): Fragment {
  if (grants === undefined) return trust === undefined ? scopes.all : scopes.proved;
  return trust === undefined ? scopes.granted : scopes.provedAndGranted;
}

/** @param always false behind a commit: the load is needed only if the commit lost */
export function scopeValues({ grants, trust }: Query, always: boolean): Values {
  return {
    always,
    guardDomain: trust?.trustDomain ?? null,
    guardKey: trust?.keyId ?? null,
    idTags: hexList(grants?.idTags ?? []),
    pathTags: hexList(grants?.pathTags ?? []),
    grantLimit: (grants?.limit ?? 0) + 1,
  };
}

/** JSON has no bytes. */
export function hexList(tags: readonly Bytes[]): string {
  return JSON.stringify(tags.map((tag) => bytesToHex(tag)));
}

export function ifShown<T>({ sql: query, read }: Json<T>): Json<T> {
  return { sql: sql`case when v.shown then ${query} end`, read };
}

export function ifProvable<T>({ sql: query, read }: Json<T>): Json<T> {
  return { sql: sql`case when v.provable then ${query} end`, read };
}

/** The last statement of a winning commit changes the store's row, of a losing one nothing. */
const needed: SQL = sql`(${placeholder("always")} or changes() = 0)`;

/** The claimed domain has a bundle here, and the bundle contains the named key. */
const provable: SQL = sql`exists (
  select 1 from ${trustBundles} b where b.trust_domain = ${placeholder("guardDomain")}
    and (${placeholder("guardKey")} is null or exists (
      select 1 from json_each(b.bundle, '$.keys') k
      where case when k.type = 'object' then json_extract(k.value, '$.kid') end = ${placeholder("guardKey")})))`;

/**
 * CROSS JOIN keeps the order of the loops: each pair of tags is one look-up in the index, however long the lists. If there are more
 * rows than the limit, the count is one too high, and one row too many is returned.
 *
 * Not cut by its size, unlike other pages: that would make each get a tenth slower. See `libsqlStore`.
 */
const grantsIf = (wanted: SQL): SQL => sql`(select count(*) as found,
  '[' || (count(*) + (count(*) = ${placeholder("grantLimit")})) || ',[' || ifnull(group_concat(${policyRow.sql}, ','), '') || ']]' as list, json_group_array(x.slot) as slots
  from (select p.* from json_each(${placeholder("pathTags")}) t cross join json_each(${placeholder("idTags")}) i
    cross join ${policies} p on p.path_tag = unhex(t.value) and p.id_tag = unhex(i.value)
    limit case when ${wanted} then ${placeholder("grantLimit")} else 0 end) x)`;

const from = (verdicts: SQL): Fragment =>
  fragment(sql` from ${store} cross join (select ${verdicts}) v where ${store.id} = 1`);

const scopes = {
  all: from(sql`w.needed, w.needed as provable, w.needed as shown from (select ${needed} as needed) w`),
  granted: from(
    sql`w.needed, w.needed as provable, g.found > 0 as shown, g.list as grants, g.slots as slots
      from (select ${needed} as needed) w cross join ${grantsIf(needed)} g`,
  ),
  proved: from(
    sql`w.needed, p.yes as provable, p.yes as shown
      from (select ${needed} as needed) w cross join (select ${needed} and ${provable} as yes) p`,
  ),
  provedAndGranted: from(
    sql`w.needed, p.yes as provable, g.found > 0 as shown, g.list as grants, g.slots as slots
      from (select ${needed} as needed) w cross join (select ${needed} and ${provable} as yes) p
      cross join ${grantsIf(sql`${needed} and ${provable}`)} g`,
  ),
} as const;
