import fc from "fast-check";
import { type Cell, type Contents, type Row, type TableName, TABLES } from "./world.ts";

/** A change of the stored rows that a holder of the database might make. */
export interface Alteration {
  /** For the report: `policies.sealed` or `snapshot of policies and audit`. */
  readonly place: string;
  readonly title: string;
  readonly tables: Partial<Contents>;
}

type Random = <T>(list: readonly T[]) => T;

/** An alteration that differs from the present contents. Undefined if the choice does not exist there. */
export function alterationFrom(
  choices: readonly number[],
  { now, earlier }: { readonly now: Contents; readonly earlier: readonly Contents[] },
): Alteration | undefined {
  let used = 0;
  const pick: Random = (list) => {
    const item = list[(choices[used++ % choices.length] ?? 0) % list.length];
    if (item === undefined) throw new RangeError("Cannot pick from an empty list");
    return item;
  };
  const altered = pick(KINDS)(pick, { now, earlier });
  if (altered === undefined) return undefined;
  const differs = Object.entries(altered.tables).some(
    ([table, rows]) => keyOf(rows) !== keyOf(now[table as TableName]),
  );
  return differs ? altered : undefined;
}

/** Enough numbers for every choice of one alteration. */
export const CHOICES = fc.array(fc.nat(), { minLength: 12, maxLength: 12 });

type Kind = (
  pick: Random,
  contents: { readonly now: Contents; readonly earlier: readonly Contents[] },
) => Alteration | undefined;

const filled = (now: Contents): readonly TableName[] => TABLES.filter((table) => now[table].length > 0);

/** Changes one cell of one row. */
const changeCell: Kind = (pick, { now, earlier }) => {
  const table = pick(filled(now));
  const row = pick(now[table]);
  const column = pick(Object.keys(row));
  const others = [now, ...earlier].flatMap((contents) => contents[table].map((other) => other[column] ?? null));
  const kind = pick(["damage", "damage", "damage", "other"] as const);
  const cell = kind === "other" ? pick(others) : damaged(row[column] ?? null, pick);
  const rows = now[table].map((each) => (each === row ? { ...each, [column]: cell } : each));
  return { place: `${table}.${column}`, title: `${kind} ${table}.${column}`, tables: { [table]: rows } };
};

/** Exchanges one column of two rows. */
const swapCells: Kind = (pick, { now }) => {
  const table = pick(TABLES.filter((name) => now[name].length > 1));
  const [one, two] = [pick(now[table]), pick(now[table])];
  const column = pick(Object.keys(one));
  const rows = now[table].map((each) => {
    if (each === one) return { ...each, [column]: two[column] ?? null };
    return each === two ? { ...each, [column]: one[column] ?? null } : each;
  });
  return { place: `${table}.${column}`, title: `swap ${table}.${column}`, tables: { [table]: rows } };
};

const removeRow: Kind = (pick, { now }) => {
  const table = pick(filled(now));
  const gone = pick(now[table]);
  const rows = now[table].filter((each) => each !== gone);
  return { place: `${table} row removed`, title: `remove ${table} ${nameOf(gone)}`, tables: { [table]: rows } };
};

/** Puts an earlier row back, in the place of the present one or beside it. */
const restoreRow: Kind = (pick, { now, earlier }) => {
  const table = pick(filled(now));
  const candidates = pick(earlier)[table];
  if (candidates.length === 0) return undefined;
  const old = pick(candidates);
  const rows = [...now[table].filter((each) => primaryOf(table, each) !== primaryOf(table, old)), old];
  return { place: `${table} row restored`, title: `restore ${table} ${nameOf(old)}`, tables: { [table]: rows } };
};

/** Puts an earlier row and its earlier audit entry back, and hides all newer entries of that resource. */
const restoreWithEntry: Kind = (pick, { now, earlier }) => {
  const table = pick(["secrets", "policies", "trust_bundles"] as const);
  const contents = pick(earlier);
  const row = contents[table].length === 0 ? undefined : pick(contents[table]);
  if (row === undefined) return undefined;
  const resource = `${{ secrets: "secret", policies: "policy", trust_bundles: "bundle" }[table]}:${nameOf(row)}`;
  const audit = now.audit.filter(
    (entry) => entry["resource"] !== resource || Number(entry["revision"]) <= Number(row["version"]),
  );
  const rows = [...now[table].filter((each) => nameOf(each) !== nameOf(row)), row];
  const versions =
    table === "secrets"
      ? {
          secret_versions: [
            ...now.secret_versions.filter((each) => each["path"] !== row["path"]),
            ...contents.secret_versions.filter((each) => each["path"] === row["path"]),
          ],
        }
      : {};
  const tables = { [table]: rows, audit, ...versions };
  return { place: `${table} row restored with its entry`, title: `restore ${resource} with its entry`, tables };
};

const restoreTables: Kind = (pick, { now, earlier }) => {
  const [one, two, contents] = [pick(TABLES), pick(TABLES), pick(earlier)];
  // The store row, its audit and their rows together are the whole store: see the limits in docs/stored-data.md.
  const names = [...new Set(pick([[one], [one, two]]))].toSorted();
  const tables = Object.fromEntries(names.map((table) => [table, contents[table]]));
  const place = `earlier ${names.join(" and ")}`;
  return names.every((table) => now[table].length === 0) ? undefined : { place, title: place, tables };
};

const dropNewestEntries: Kind = (pick, { now }) => {
  const count = pick([1, 2, 3]);
  return {
    place: "audit newest entries removed",
    title: `drop ${count} entries`,
    tables: { audit: now.audit.slice(0, -count) },
  };
};

const addRow: Kind = (pick, { now }) => {
  const table = pick(TABLES.filter((name) => now[name].length > 0 && name !== "store"));
  const row = pick(now[table]);
  const [first] = Object.keys(row);
  if (first === undefined) return undefined;
  const added = {
    ...row,
    [first]: damaged(row[first] ?? null, pick),
    ...(table === "audit" && { write_id: `x${String(pick([1, 2]))}` }),
  };
  const taken = now[table].some((each) => primaryOf(table, each) === primaryOf(table, added));
  if (taken) return undefined;
  return {
    place: `${table} row added`,
    title: `add ${table} ${nameOf(added)}`,
    tables: { [table]: [...now[table], added] },
  };
};

const KINDS: readonly Kind[] = [
  changeCell,
  changeCell,
  changeCell,
  changeCell,
  swapCells,
  removeRow,
  restoreRow,
  restoreRow,
  restoreWithEntry,
  restoreTables,
  dropNewestEntries,
  addRow,
];

function damaged(cell: Cell, pick: Random): Cell {
  if (cell === null) return pick([1, 0, 1_700_000_000_000]);
  if (typeof cell === "number") return Math.max(0, cell + pick([1, -1, 2, 1000, -1000]));
  if (typeof cell === "string") return pick([`${cell}x`, cell.slice(0, -1), "", cell.toUpperCase()]);
  const bytes = new Uint8Array(cell.slice(0));
  if (bytes.length === 0 || pick([0, 1, 2, 3]) === 0) return bytes.slice(0, -1).buffer;
  const at = pick(Array.from(bytes.keys()));
  bytes[at] = (bytes[at] ?? 0) ^ (1 << pick([0, 1, 2, 3, 4, 5, 6, 7]));
  return bytes.buffer;
}

function nameOf(row: Row): string {
  return textOf(Object.values(row)[0] ?? null);
}

function primaryOf(table: TableName, row: Row): string {
  return table === "secret_versions" ? `${nameOf(row)} ${textOf(row["number"] ?? null)}` : nameOf(row);
}

function textOf(cell: Cell): string {
  return cell instanceof ArrayBuffer ? Buffer.from(cell).toString("hex") : String(cell);
}

/** The same for the same rows in any order. */
function keyOf(rows: readonly Row[]): string {
  const texts = rows.map((row) => JSON.stringify(Object.entries(row).map(([name, cell]) => [name, textOf(cell)])));
  return texts.toSorted((a, b) => (a < b ? -1 : 1)).join();
}
