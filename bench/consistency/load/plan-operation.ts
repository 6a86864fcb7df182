import { type Caller, isWrite, type Permission, type Request } from "../history/history.ts";
import type { Random } from "../random.ts";
import type { KnownVersions } from "./known-versions.ts";
import { type Paths, type Team, TEAMS } from "./paths.ts";

export interface Plan {
  readonly caller: Caller;
  readonly request: Request;
  /** True if the request gets an idempotency key. */
  readonly keyed: boolean;
}

interface PlanDeps {
  readonly random: Random;
  readonly paths: Paths;
  readonly known: KnownVersions;
}

const QUIET_RATE = 0.01;
const HOT_RATE = 0.25;
const PRUNE_RATE = 0.005;
const KEPT_DAYS: readonly number[] = [7, 30, 90];
const ALL_PERMISSIONS: readonly Permission[] = ["read", "write", "list"];

/** Plans a client's next operation. Its ID makes the value of a put unique. */
export function planOperation({ random, paths, known }: PlanDeps, client: number, id: number): Plan {
  // A third of the clients are the superuser, who also changes policies.
  const team = TEAMS[client % TEAMS.length] ?? TEAMS[0];
  const caller: Caller = client % 3 === 0 ? "superuser" : team;
  if (caller === "superuser" && random.chance(0.03)) {
    return { caller, request: planPolicyChange(random), keyed: random.chance(0.5) };
  }
  // Workloads too: they are denied unless the superuser has let their team change policies.
  if (caller !== "superuser" && random.chance(0.015)) {
    return { caller, request: planPolicyChange(random), keyed: random.chance(0.5) };
  }
  if (caller === "superuser" && random.chance(0.01)) {
    const kind = random.chance(0.7) ? "delegate" : "undelegate";
    return { caller, request: { kind, team: random.pick(TEAMS) }, keyed: random.chance(0.5) };
  }
  if (caller === "superuser" && random.chance(PRUNE_RATE)) {
    return { caller, request: { kind: "prune", days: random.pick(KEPT_DAYS) }, keyed: false };
  }
  // Some requests of workloads are about another team's paths, and are denied.
  const owner = caller === "superuser" || random.chance(0.03) ? random.pick(TEAMS) : team;
  if (random.chance(0.04)) {
    return { caller, request: { kind: "list", prefix: paths.prefix(owner, random) }, keyed: false };
  }
  if (random.chance(QUIET_RATE)) {
    const request: Request = { kind: "put", path: paths.quiet(owner, id), value: `value of operation ${id}` };
    return { caller, request, keyed: random.chance(0.5) };
  }
  const path = random.chance(HOT_RATE) ? paths.hot(owner) : paths.cold(owner, random);
  const request = planSecretRequest({ path, latest: known.latest(path), id }, random);
  return { caller, request, keyed: isWrite(request) && random.chance(0.5) };
}

export function grantAll(team: Team): Request {
  return { kind: "grant", team, permissions: ALL_PERMISSIONS };
}

function planPolicyChange(random: Random): Request {
  const team = random.pick(TEAMS);
  if (random.chance(0.15)) return { kind: "revoke", team };
  if (random.chance(0.75)) return grantAll(team);
  const some = ALL_PERMISSIONS.filter(() => random.chance(0.5));
  return { kind: "grant", team, permissions: some.length === 0 ? ["read"] : some };
}

function planSecretRequest(
  { path, latest, id }: { readonly path: string; readonly latest: number; readonly id: number },
  random: Random,
): Request {
  const roll = random.next();
  if (roll < 0.3) return { kind: "put", path, value: `value of operation ${id}`, ...planCas(latest, random) };
  if (roll < 0.38) {
    return { kind: "delete", path, numbers: planNumbers(latest, random), ...planCas(latest, random, 0.2) };
  }
  if (roll < 0.45) {
    return { kind: "undelete", path, numbers: planNumbers(latest, random), ...planCas(latest, random, 0.2) };
  }
  if (roll < 0.72) return { kind: "get", path, number: 0 };
  // Includes numbers that are pruned and the one that is not written yet.
  if (roll < 0.88) return { kind: "get", path, number: Math.max(1, latest + 1 - random.below(14)) };
  return { kind: "metadata", path };
}

function planCas(latest: number, random: Random, rate = 0.45): { readonly cas?: number } {
  if (!random.chance(rate)) return {};
  return { cas: random.chance(0.9) ? latest : random.below(latest + 3) };
}

function planNumbers(latest: number, random: Random): readonly number[] {
  if (random.chance(0.5)) return [];
  return Array.from({ length: 1 + random.below(3) }, () => Math.max(0, latest - random.below(12)));
}
