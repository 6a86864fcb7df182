import { and, asc, gt, gte, lt, sql, type SQL } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import { db, placeholder } from "../query-builder.ts";
import { secrets } from "../schema.ts";
import { type Column, jsonColumn } from "./column.ts";
import { type Json, list, text } from "./json.ts";
import { type Asked, columnPart, type Part } from "./part.ts";
import { ifProvable, ifShown } from "./scope.ts";

/** Paths of secrets, in order. A caller who may list only some prefixes names them in `within`. */
export function pathPart({ within }: Asked<"paths">): Part<Asked<"paths">, readonly string[]> {
  return within === undefined ? allPaths : pathsWithin;
}

const head = alias(secrets, "h");

/** U+10FFFF encodes to the highest bytes, so it ends the range of a prefix. */
const rangeEnd = (prefix: SQL): SQL => sql`${prefix} || char(1114111)`;

const prefix: SQL = sql`${placeholder("prefix")}`;
const inRange = and(gt(head.path, placeholder("pathsAfter")), gte(head.path, prefix), lt(head.path, rangeEnd(prefix)));

const limit = placeholder("pathLimit");

const paths = (query: SQL): Json<readonly string[]> => list(text(sql`x.path`), sql`${query} x`);

const allPaths = pathPartOf(
  jsonColumn(
    ifShown(
      paths(sql`${db.select({ path: head.path }).from(head).where(inRange).orderBy(asc(head.path)).limit(limit)}`),
    ),
  ),
);

const pathsWithin = pathPartOf(
  jsonColumn(
    ifProvable(
      paths(
        sql`(select h.path from json_each(${placeholder("within")}) p
          cross join ${secrets} h on h.path >= p.value and h.path < ${rangeEnd(sql`p.value`)}
          where ${inRange} order by h.path limit ${limit})`,
      ),
    ),
  ),
);

function pathPartOf(column: Column<readonly string[]>): Part<Asked<"paths">, readonly string[]> {
  return columnPart(column, ({ prefix, after, limit, within = null }) => ({
    prefix,
    pathsAfter: after,
    pathLimit: limit,
    within: JSON.stringify(within),
  }));
}
