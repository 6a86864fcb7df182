import { sql, type SQL } from "drizzle-orm";
import type { PolicyView } from "../../store.ts";
import { placeholder } from "../query-builder.ts";
import { policies } from "../schema.ts";
import { readList } from "./cell-readers.ts";
import { jsonColumn } from "./column.ts";
import { list } from "./json.ts";
import { type Asked, columnPart } from "./part.ts";
import { hexList, ifProvable } from "./scope.ts";
import { policyWithTail, withTails } from "./tails.ts";

/** Policies that may grant what the caller asks for. The scope finds them, because they decide on the other parts. */
export const grantsPart = columnPart<Asked<"grants">, readonly PolicyView[]>(
  jsonColumn({ sql: sql`v.grants`, read: readList(policyWithTail.read) }),
);

/** CROSS JOIN keeps the order of the loops: each tag is one look-up in the index. */
const ofIdentity: SQL = sql`(select p.* from json_each(${placeholder("identityTags")}) i
  cross join ${policies} p on p.id_tag = unhex(i.value) limit ${placeholder("identityLimit")})`;

/** Policies that may concern the caller, whatever their paths. */
export const identityGrantsPart = columnPart(
  jsonColumn(ifProvable(list(policyWithTail, withTails("policy", ofIdentity)))),
  ({ idTags, limit }: Asked<"identityGrants">) => ({ identityTags: hexList(idTags), identityLimit: limit }),
);
