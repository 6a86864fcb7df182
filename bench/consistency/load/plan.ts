import type { Caller, Permission, Request } from "../history/history.ts";
import type { Chance } from "./chance.ts";
import type { Knowledge } from "./knowledge.ts";
import { type Paths, type Team, TEAMS } from "./paths.ts";

/** What a client is about to do. */
export interface Plan {
  readonly caller: Caller;
  readonly request: Request;
  /** Whether it has an idempotency key. */
  readonly keyed: boolean;
}

interface Means {
  readonly chance: Chance;
  readonly paths: Paths;
  readonly knowledge: Knowledge;
}

const HOT = 0.25;
const ALL_PERMISSIONS: readonly Permission[] = ["read", "write", "list"];

/** What the next request of client number `client` is; operation `id` writes a value of its own. */
export function planNext({ chance, paths, knowledge }: Means, client: number, id: number): Plan {
  // A third asks as the superuser, and it is they who change policies.
  const team = TEAMS[client % TEAMS.length] ?? TEAMS[0];
  const caller: Caller = client % 3 === 0 ? "superuser" : team;
  if (caller === "superuser" && chance.hits(0.03))
    return { caller, request: policyChange(chance), keyed: chance.hits(0.5) };
  // Now and then where one has no business.
  const where = caller === "superuser" || chance.hits(0.03) ? chance.of(TEAMS) : team;
  if (chance.hits(0.04))
    return { caller, request: { kind: "list", prefix: paths.prefix(where, chance) }, keyed: false };
  const path = chance.hits(HOT) ? paths.hot(where) : paths.cold(where, chance);
  const request = secretRequest({ path, latest: knowledge.latest(path), id }, chance);
  return { caller, request, keyed: isWrite(request) && chance.hits(0.5) };
}

export function isWrite({ kind }: Request): boolean {
  return kind !== "get" && kind !== "metadata" && kind !== "list";
}

/** What gives a team all it may have. */
export function grantAll(team: Team): Request {
  return { kind: "grant", team, permissions: ALL_PERMISSIONS };
}

function policyChange(chance: Chance): Request {
  const team = chance.of(TEAMS);
  if (chance.hits(0.15)) return { kind: "revoke", team };
  if (chance.hits(0.75)) return grantAll(team);
  const some = ALL_PERMISSIONS.filter(() => chance.hits(0.5));
  return { kind: "grant", team, permissions: some.length === 0 ? ["read"] : some };
}

function secretRequest(
  { path, latest, id }: { readonly path: string; readonly latest: number; readonly id: number },
  chance: Chance,
): Request {
  const roll = chance.next();
  if (roll < 0.3) return { kind: "put", path, value: `value of operation ${id}`, ...casOf(latest, chance) };
  if (roll < 0.38) return { kind: "delete", path, numbers: numbers(latest, chance), ...casOf(latest, chance, 0.2) };
  if (roll < 0.45) return { kind: "undelete", path, numbers: numbers(latest, chance), ...casOf(latest, chance, 0.2) };
  if (roll < 0.72) return { kind: "get", path, number: 0 };
  // Numbers that were pruned and that are not written yet as well.
  if (roll < 0.88) return { kind: "get", path, number: Math.max(1, latest + 1 - chance.below(14)) };
  return { kind: "metadata", path };
}

function casOf(latest: number, chance: Chance, part = 0.45): { readonly cas?: number } {
  if (!chance.hits(part)) return {};
  return { cas: chance.hits(0.9) ? latest : chance.below(latest + 3) };
}

function numbers(latest: number, chance: Chance): readonly number[] {
  if (chance.hits(0.5)) return [];
  return Array.from({ length: 1 + chance.below(3) }, () => Math.max(0, latest - chance.below(12)));
}
