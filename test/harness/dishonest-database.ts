import type { DumpedRow, TableDump } from "./table-dump.ts";

/** An authority row: its table, and its name there and in the audit. */
export interface Target {
  readonly table: "policies" | "trust_bundles";
  readonly column: "name" | "trust_domain";
  readonly name: string;
  readonly resource: string;
}

/** What a dishonest database puts in place of what it has. */
export interface Substitution {
  readonly row: boolean;
  readonly nodes: boolean;
  /** The store row, which leads to the nodes. Its revision stays, because nothing signs it. */
  readonly store: boolean;
  /** The revision at which the old audit entry is put. Undefined leaves it out. */
  readonly entryAt: number | undefined;
  /** Removes all other audit entries of the resource. */
  readonly hidesEntries: boolean;
  /** The row version that the row claims. */
  readonly version: number;
}

/** Every combination of pieces, with each place for the audit entry and each row version. */
export function* substitutions(options: {
  readonly places: readonly number[];
  readonly versions: readonly number[];
}): Generator<Substitution> {
  const either = [false, true];
  for (const row of either) {
    for (const nodes of either) {
      for (const store of either) {
        for (const hidesEntries of either) {
          for (const entryAt of [undefined, ...options.places]) {
            for (const version of row ? options.versions : [0]) {
              yield { row, nodes, store, hidesEntries, entryAt, version };
            }
          }
        }
      }
    }
  }
}

/** The database with pieces of another state, `other`: one that it kept back, or an earlier one. */
export function substitute(
  now: TableDump,
  other: TableDump,
  {
    target,
    piece,
  }: {
    readonly target: Target;
    readonly piece: Substitution;
  },
): TableDump {
  const { table, column, name, resource } = target;
  const isNamed = (row: DumpedRow): boolean => row[column] === name;
  const otherRow = other[table].find(isNamed);
  const otherEntry = other.audit.findLast((entry) => entry["resource"] === resource);
  if (otherRow === undefined || otherEntry === undefined) throw new Error(`the other state has no ${resource}`);
  const rows = piece.row
    ? [...now[table].filter((row) => !isNamed(row)), { ...otherRow, version: piece.version }]
    : now[table];
  const [store = {}] = now.store;
  const { entryAt } = piece;
  const kept = now.audit.filter(
    (entry) =>
      entry["revision"] !== entryAt &&
      !(piece.hidesEntries && entry["resource"] === resource) &&
      !(entryAt !== undefined && entry["write_id"] === otherEntry["write_id"]),
  );
  const audit = entryAt === undefined ? kept : [...kept, { ...otherEntry, revision: entryAt }];
  const replaced = new Set(other.authority.map(({ id }) => id));
  const authority = piece.nodes
    ? [...now.authority.filter(({ id }) => !replaced.has(id)), ...other.authority]
    : now.authority;
  const revision = Math.max(Number(store["revision"]), entryAt ?? 0);
  return {
    ...now,
    [table]: rows,
    audit,
    authority,
    store: [{ ...(piece.store ? other.store[0] : store), revision }],
  };
}
