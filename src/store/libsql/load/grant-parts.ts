import { sql, type SQL } from "drizzle-orm";
import type { PolicyRow } from "../../rows.ts";
import type { Page } from "../../store.ts";
import { placeholder } from "../query-builder.ts";
import { policies } from "../schema.ts";
import { jsonColumn } from "./column.ts";
import { mapped, page } from "./json.ts";
import { MAX_BYTES } from "./max-bytes.ts";
import { type Asked, columnPart, withSlots } from "./part.ts";
import { readPage } from "./read-page.ts";
import { hexList, ifProvable } from "./scope.ts";
import { policyRow } from "./tails.ts";

/** Policies that may grant the request. The scope finds them, because they decide on the other parts. */
export const grantsPart = withSlots(
  columnPart<Asked<"grants">, Page<PolicyRow>>(
    jsonColumn(
      mapped({ sql: sql`v.grants`, read: readPage(policyRow.read) }, ({ rows, more }) => ({
        rows: more ? rows.slice(0, -1) : rows,
        more,
      })),
    ),
  ),
  sql`select value as slot from json_each(v.slots)`,
);

/** CROSS JOIN keeps the order of the loops: each tag is one look-up in the index. */
const ofIdentity: SQL = sql`(select p.* from json_each(${placeholder("identityTags")}) i
  cross join ${policies} p on p.id_tag = unhex(i.value) limit ${placeholder("identityLimit")})`;

/** Policies that may concern the caller, whatever their paths. */
export const identityGrantsPart = withSlots(
  columnPart(
    jsonColumn(
      ifProvable(
        page(policyRow, sql`${ofIdentity} x`, {
          limit: sql`${placeholder("identityLimit")}`,
          maxBytes: MAX_BYTES.identityGrants,
        }),
      ),
    ),
    ({ idTags, limit }: Asked<"identityGrants">) => ({ identityTags: hexList(idTags), identityLimit: limit + 1 }),
  ),
  sql`select slot from ${ofIdentity} where v.provable`,
);
