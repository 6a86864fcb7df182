import { sql, type SQL } from "drizzle-orm";
import type { PathPage } from "../../store.ts";
import { placeholder } from "../query-builder.ts";
import { audit, secrets } from "../schema.ts";
import { readFlag } from "./cell-readers.ts";
import { jsonColumn } from "./column.ts";
import { type Json, text } from "./json.ts";
import { MAX_BYTES } from "./max-bytes.ts";
import { type Asked, type Part, partOf } from "./part.ts";
import { readPage } from "./read-page.ts";
import { ifProvable, ifShown } from "./scope.ts";

/** Paths of secrets, in order. A caller who may list only some paths names their ranges in `within`. */
export function pathPart({ within }: Asked<"paths">): Part<Asked<"paths">, PathPage> {
  return within === undefined ? allPaths : pathsWithin;
}

const prefix: SQL = sql`${placeholder("prefix")}`;
const after: SQL = sql`${placeholder("pathsAfter")}`;
const limit: SQL = sql`${placeholder("pathLimit")}`;

/** U+10FFFF encodes to the highest bytes, so it ends the range of a prefix. */
const end: SQL = sql`${prefix} || char(1114111)`;

/**
 * The range of a page as one lower and one upper bound: SQLite uses only one of each to search an index, and would walk from the
 * start of the prefix to `after`. The unary plus keeps `after` alone from becoming the bound.
 */
const all: SQL = sql`from ${secrets} h where h.path >= max(${after}, ${prefix}) and h.path < ${end} and +h.path > ${after}
  order by h.path`;

/**
 * CROSS JOIN keeps the order of the loops. The ranges are in order and do not overlap, so the paths are in order too, and the LIMIT
 * ends the walk: with ORDER BY, SQLite would read all ranges and sort. The caller checks the order.
 */
const within: SQL = sql`from json_each(${placeholder("within")}) r cross join ${secrets} h
  on h.path >= max(json_extract(r.value, '$[0]'), ${after}, ${prefix})
  and h.path < min(json_extract(r.value, '$[1]'), ${end}) and +h.path > ${after}`;

/** Bytes of JSON of the longest path. A page of n paths has at most n times as many. */
const longest: SQL = sql`max(2 * octet_length(p.path) + 3)`;

/**
 * The number of paths that fit even if all are as long as the longest. A running sum would take ten times as long as
 * the list.
 */
function pathsFrom(from: SQL): Json<Pick<PathPage, "rows" | "more">> {
  const candidates = sql`(select h.path ${from} limit ${limit}) p`;
  const fitting = sql`(select max(1, min(${limit} - 1, ${sql.raw(String(MAX_BYTES.paths))} / ${longest})) from ${candidates})`;
  return {
    sql: sql`json_array((select count(*) from ${candidates}),
      (select json_group_array(q.path) from (select h.path ${from} limit ifnull(${fitting}, 0)) q))`,
    read: readPage(text(sql`q.path`).read),
  };
}

/** Whether an entry after revision `since` created or removed a secret. NULL without `since`. */
const changed: Json<boolean> = {
  sql: sql`exists (select 1 from ${audit} e left join ${secrets} h on h.path = substr(e.resource, 8)
    where e.revision > ${placeholder("pathsSince")} and e.resource >= 'secret:' and e.resource < 'secret;'
      and (h.path is null or h.born = e.write_id))`,
  read: readFlag,
};

const allPaths = pathPartOf((part) => ifShown(part), all);
const pathsWithin = pathPartOf((part) => ifProvable(part), within);

function pathPartOf(guard: <T>(part: Json<T>) => Json<T>, from: SQL): Part<Asked<"paths">, PathPage> {
  return partOf(
    { page: jsonColumn(guard(pathsFrom(from))), changed: jsonColumn(changed) },
    ({ prefix, after, limit, within, since }: Asked<"paths">) => ({
      prefix,
      pathsAfter: after,
      pathLimit: limit + 1,
      pathsSince: since ?? null,
      within: JSON.stringify(within ?? null),
    }),
    ({ page, changed }) => ({ ...page, changed }),
  );
}
