import { sql, type SQL } from "drizzle-orm";
import type { Page, PolicyView } from "../../store.ts";
import { placeholder } from "../query-builder.ts";
import { policies } from "../schema.ts";
import { jsonColumn } from "./column.ts";
import { mapped, page } from "./json.ts";
import { MAX_BYTES } from "./max-bytes.ts";
import { type Asked, columnPart } from "./part.ts";
import { readPage } from "./read-page.ts";
import { hexList, ifProvable } from "./scope.ts";
import { policyWithTail, withTails } from "./tails.ts";

/** Policies that may grant what the caller asks for. The scope finds them, because they decide on the other parts. */
export const grantsPart = columnPart<Asked<"grants">, Page<PolicyView>>(
  jsonColumn(
    mapped({ sql: sql`v.grants`, read: readPage(policyWithTail.read) }, ({ rows, more }) => ({
      rows: more ? rows.slice(0, -1) : rows,
      more,
    })),
  ),
);

/** CROSS JOIN keeps the order of the loops: each tag is one look-up in the index. */
const ofIdentity: SQL = sql`(select p.* from json_each(${placeholder("identityTags")}) i
  cross join ${policies} p on p.id_tag = unhex(i.value) limit ${placeholder("identityLimit")})`;

/** Policies that may concern the caller, whatever their paths. */
export const identityGrantsPart = columnPart(
  jsonColumn(
    ifProvable(
      page(policyWithTail, withTails("policy", ofIdentity), {
        limit: sql`${placeholder("identityLimit")}`,
        maxBytes: MAX_BYTES.identityGrants,
      }),
    ),
  ),
  ({ idTags, limit }: Asked<"identityGrants">) => ({ identityTags: hexList(idTags), identityLimit: limit + 1 }),
);
