import { and, asc, eq, exists, getTableColumns, sql, type SQL, type SQLWrapper } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { AuditRow, Bytes, SecretRow, VersionState } from "../../rows.ts";
import type { SecretView } from "../../store.ts";
import { db, placeholder } from "../query-builder.ts";
import { secrets, secretVersions } from "../schema.ts";
import { readVerifiable } from "./cell-readers.ts";
import { bytesColumn, jsonColumn } from "./column.ts";
import { type Json, list, mapped, one, row, type Select, verifiableRowOf } from "./json.ts";
import { now } from "./now.ts";
import { type Asked, type Part, partOf } from "./part.ts";
import { ifShown } from "./scope.ts";
import { tailOf } from "./tails.ts";

/** The head of a secret, its newest audit entry, the states of its versions, and one version with its value. */
export function secretPart({ version }: Asked<"secret">): Part<Asked<"secret">, SecretView> {
  if (version === "none") return parts.none;
  return version === "current" ? parts.current : parts.numbered;
}

const head = alias(secrets, "h");
const version = alias(secretVersions, "x");
const path = placeholder("path");

const { path: _, revision: __, sealed: ___, ...stateColumns } = getTableColumns(version);

/** A version without its value, of the row `x`. */
export const state: Json<VersionState> = row(stateColumns, readVerifiable);

/** The database's clock within the bounds of the request, but never before the head was written. */
const time: SQL = sql`max(${head.writtenAt}, ${placeholder("earliest")}, min(${placeholder("latest")}, ${now}))`;

/** The head's `current` has expired, so a lower version is current now. */
const isLapsed: SQL = sql`${head.currentUntil} is not null and ${head.currentUntil} <= ${time}`;

const highestLive: SQL = sql`(select max(l.number) from ${secretVersions} l where l.path = ${head.path}
  and l.destroyed_at is null and (l.deleted_at is null or l.deleted_at > ${time}))`;

const headRow: Json<SecretRow | undefined> = one(verifiableRowOf(head), (select) =>
  select.from(head).where(eq(head.path, path)),
);

const states: Json<readonly VersionState[]> = list(
  state,
  sql`${db.select(stateColumns).from(version).where(eq(version.path, path)).orderBy(asc(version.number))} x`,
);

const lapsedHead = db
  .select({ one: sql`1` })
  .from(head)
  .where(and(eq(head.path, path), isLapsed));

/** NULL while the head's `current` is live: then no other version is needed. */
const statesIfLapsed: Json<readonly VersionState[]> = {
  sql: sql`case when ${exists(lapsedHead)} then ${states.sql} end`,
  read: states.read,
};

/** The version that is current at this moment. */
const currentVersion = versionColumns((select) =>
  select
    .from(head)
    .innerJoin(
      version,
      and(
        eq(version.path, head.path),
        eq(version.number, sql`case when ${isLapsed} then ${highestLive} else ${head.current} end`),
      ),
    )
    .where(eq(head.path, path)),
);

const numberedVersion = versionColumns((select) =>
  select.from(version).where(and(eq(version.path, path), eq(version.number, placeholder("number")))),
);

function versionColumns(query: (select: Select) => SQLWrapper) {
  const sealed = query(db.select({ json: sql`${version.sealed}` }));
  return {
    version: jsonColumn(ifShown(one(state, query))),
    sealed: bytesColumn(sql`case when v.shown then ${sealed} end`),
  } as const;
}

const always = {
  head: jsonColumn(ifShown(headRow)),
  tail: jsonColumn(ifShown(tailOf(sql`'secret:' || ${path}`))),
} as const;

const allStates = jsonColumn(ifShown(states));

const parts = {
  none: partOf({ ...always, states: allStates }, valuesOf, viewOf),
  numbered: partOf({ ...always, states: allStates, ...numberedVersion }, valuesOf, viewOf),
  current: partOf(
    {
      ...always,
      states: jsonColumn(ifShown(mapped(statesIfLapsed, (found) => (found.length === 0 ? undefined : found)))),
      ...currentVersion,
    },
    valuesOf,
    viewOf,
  ),
} as const;

const UNBOUNDED = { earliest: 0, latest: Number.MAX_SAFE_INTEGER } as const;

function valuesOf({ path, version, bounds = UNBOUNDED }: Asked<"secret">) {
  return { path, number: typeof version === "number" ? version : null, ...bounds };
}

interface Cells {
  readonly head: SecretRow | undefined;
  readonly tail: AuditRow | undefined;
  readonly states: readonly VersionState[] | undefined;
  readonly version?: VersionState | undefined;
  readonly sealed?: Bytes | null;
}

function viewOf({ head, tail, states, version, sealed = null }: Cells): SecretView {
  return { head, states, version: version && { ...version, sealed }, tail };
}
