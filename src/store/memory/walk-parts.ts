import type { AuditRow, AuthorityNode } from "../rows.ts";
import type { Examined, Parts, TrieLevel } from "../store.ts";
import { pageOf, sorted } from "./lists.ts";
import type { State } from "./state.ts";

/** Whether a resource is of a kind that has rows, and has none. */
function isRowless(state: State, resource: string): boolean {
  const name = resource.slice("secret:".length);
  if (resource.startsWith("secret:")) return !state.secrets.has(name);
  if (resource.startsWith("policy:")) return !state.policies.has(name);
  return resource.startsWith("bundle:") && !state.bundles.has(name);
}

export function rowlessOf(state: State, { after, limit }: Parts["rowless"]["request"]): Examined<AuditRow> {
  const resources = sorted(new Set(state.audit.map(({ resource }) => resource)), after).slice(0, limit);
  const rows = resources
    .filter((resource) => isRowless(state, resource))
    .map((resource) => state.audit.findLast((entry) => entry.resource === resource))
    .filter((tail) => tail !== undefined);
  return { rows, next: resources.length === limit ? resources.at(-1) : undefined };
}

export function levelOf({ nodes, policies, bundles }: State, request: Parts["level"]["request"]): TrieLevel {
  const { after, depth, limit } = request;
  const first = 4 ** depth;
  const all = [...nodes].map(([id, content]): AuthorityNode => ({ id, content })).toSorted((a, b) => a.id - b.id);
  const found = pageOf(
    all.filter(({ id }) => id > after && id >= first && id < 2 * first),
    limit,
  );
  const isLeaf = ({ content }: AuthorityNode): boolean => content[0] === 0;
  const above = new Set(
    found.rows.flatMap(({ id }) => Array.from({ length: depth }, (_, index) => Math.floor(id / 4 ** (index + 1)))),
  );
  const inner = new Set(found.rows.filter((node) => !isLeaf(node)).map(({ id }) => id));
  const leaves = found.rows.filter(isLeaf).map(({ id }) => id);
  const size = 2 ** (48 - 2 * depth);
  const [low, high] = [(Math.min(...leaves) - first) * size, (Math.max(...leaves) + 1 - first) * size];
  const resources = [
    ...[...policies.values()].map(({ name, slot }) => ({ name: `policy:${name}`, slot })),
    ...[...bundles.values()].map(({ trustDomain, slot }) => ({ name: `bundle:${trustDomain}`, slot })),
  ].filter(({ slot }) => slot >= low && slot < high);
  return {
    nodes: found,
    ancestors: all.filter(({ id }) => above.has(id)),
    children: all.filter(({ id }) => inner.has(Math.floor(id / 4))).map(({ id }) => id),
    resources: pageOf(
      resources.map(({ name }) => name),
      Infinity,
    ),
  };
}
