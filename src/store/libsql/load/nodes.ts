import { sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { AuthorityNode } from "../../rows.ts";
import { authority } from "../schema.ts";
import { type Column, type Fragment, fragment } from "./column.ts";
import { list, rowOf } from "./json.ts";

const node = alias(authority, "n");

/** Twice the depth of each node on the way to a slot: a level takes two bits. */
const BITS = "[0,2,4,6,8,10,12,14,16,18,20,22,24]";

/** A placeholder for the queries that select the slots. */
const SOURCES = "\u{1}";

/** A node's id is a 1 and the first bits of the slots below it. */
const ON_THE_WAY = `(select (1 << k.value) | (s.slot >> (48 - k.value)) from (${SOURCES}) s cross join json_each('${BITS}') k)`;

const nodes = list<AuthorityNode>(rowOf(node), sql`${authority} n where n.id in ${sql.raw(ON_THE_WAY)}`);
const aroundSources: readonly string[] = fragment(nodes.sql).sql.split(SOURCES);

/** The nodes of the authority trie on the way to the slots that these queries select, each once. */
export function nodesOf(slots: readonly Fragment[]): Column<readonly AuthorityNode[]> {
  // Nested, because D1 limits a compound SELECT to 5 terms.
  const sources = slots.map((source) => source.sql).reduce((a, b) => `select slot from (${a}) union all ${b}`);
  const places = [...new Set(slots.flatMap((source) => source.places))];
  return { type: "json", sql: aroundSources.join(sources), places, read: nodes.read };
}
