import type { Answer, Attempt, Caller, Entry, History, Operation, Request } from "../history/history.ts";
import { isWrite } from "./commit.ts";
import { PlainStore } from "./plain-store.fixture.ts";
import { Random } from "./random.fixture.ts";
import { Schedule } from "./schedule.fixture.ts";

/** What a simulated run is like. */
export interface Simulation {
  readonly seed: number;
  readonly operations: number;
  readonly clients?: number;
  readonly kept?: number;
  /** Paths that get most of the traffic, and those that get the rest. */
  readonly hot?: number;
  readonly cold?: number;
  /** How likely an attempt is to end with nobody knowing what became of it. */
  readonly faults?: number;
  /** How likely it is that a request changes a policy. */
  readonly policies?: number;
  /** How likely a request is to be a list. */
  readonly lists?: number;
  /** How likely it is that a path is removed before a request. */
  readonly removals?: number;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

interface Running {
  readonly operation: Omit<Operation, "attempts"> & { readonly attempts: Mutable<Attempt>[] };
  readonly retries: number;
}

const TEAMS = ["red", "blue"] as const;
const UNKNOWN = [0, 503] as const;

/** The history of a store that does everything right, under clients that overlap and a network that fails. */
export function simulate(simulation: Simulation): History {
  return new Simulator(simulation).run();
}

class Simulator {
  readonly #random: Random;
  readonly #wanted: Required<Simulation>;
  readonly #store: PlainStore;
  readonly #schedule = new Schedule();
  readonly #operations: Running["operation"][] = [];
  readonly #log: Entry[] = [];
  readonly #outcomes = new Map<string, { readonly operation: number; readonly answer: Answer }>();
  readonly #acknowledged: number[] = [];
  #attempts = 0;

  constructor(simulation: Simulation) {
    const usual = { clients: 6, kept: 3, hot: 2, cold: 4, faults: 0.15, policies: 0.06, lists: 0.06, removals: 0.01 };
    this.#wanted = { ...usual, ...simulation };
    this.#random = new Random(simulation.seed);
    this.#store = new PlainStore(this.#wanted.kept);
  }

  run(): History {
    for (let client = 0; client < this.#wanted.clients; client += 1) this.#begin(client, client % 3);
    this.#schedule.run();
    return { kept: this.#wanted.kept, operations: this.#operations, log: this.#log };
  }

  #begin(client: number, time: number): void {
    this.#schedule.at(time, () => {
      if (this.#operations.length >= this.#wanted.operations) return;
      if (this.#random.chance(this.#wanted.removals)) this.#remove(time);
      const running = { operation: this.#operationOf(client), retries: this.#random.below(3) };
      this.#operations.push(running.operation);
      this.#attempt(running, time, 0);
    });
  }

  #operationOf(client: number): Running["operation"] {
    const random = this.#random;
    const id = this.#operations.length;
    const first = this.#operations[random.chance(0.02) ? (this.#acknowledged.at(-1 - random.below(5)) ?? -1) : -1];
    if (first !== undefined) {
      const { caller, key = "", request } = first;
      const other: Request = {
        ...request,
        ...("value" in request ? { value: `other ${id}` } : { path: `other ${id}` }),
      };
      return { id, client, caller, request: other, key, reuses: first.id, attempts: [] };
    }
    const caller: Caller = random.chance(0.4) ? random.pick(TEAMS) : "superuser";
    const request = this.#requestOf(id, caller);
    const keyed = isWrite(request) && random.chance(0.7);
    return { id, client, caller, request, ...(keyed && { key: `key ${id}` }), attempts: [] };
  }

  #requestOf(id: number, caller: Caller): Request {
    const random = this.#random;
    if (caller === "superuser" && random.chance(this.#wanted.policies)) {
      const team = random.pick(TEAMS);
      const permissions = (["read", "write", "list"] as const).filter((): boolean => random.chance(0.7));
      return random.chance(0.3) ? { kind: "revoke", team } : { kind: "grant", team, permissions };
    }
    if (random.chance(this.#wanted.lists)) return { kind: "list", prefix: this.#prefixOf(caller) };
    const path = this.#pathOf(caller);
    const latest = this.#store.secrets.get(path)?.latest ?? 0;
    const near = Math.max(0, latest - random.below(this.#wanted.kept + 2));
    const cas = random.chance(0.4) ? { cas: random.chance(0.8) ? latest : near } : {};
    const numbers = random.chance(0.4) ? [] : [near, ...(random.chance(0.3) ? [latest] : [])];
    const dice = random.next();
    if (dice < 0.4) return { kind: "put", path, value: `value ${id}`, ...cas };
    if (dice < 0.5) return { kind: "delete", path, numbers, ...cas };
    if (dice < 0.58) return { kind: "undelete", path, numbers, ...cas };
    if (dice < 0.72) return { kind: "get", path, number: 0 };
    if (dice < 0.82) return { kind: "get", path, number: near };
    return { kind: "metadata", path };
  }

  #prefixOf(caller: Caller): string {
    const prefix = this.#pathOf(caller);
    if (this.#wanted.cold <= 100 && this.#random.chance(0.1)) return this.#random.pick(["team/", "team/red/", ""]);
    // Without the last digits, whatever is left.
    return prefix.slice(0, prefix.length - this.#random.below(this.#wanted.cold > 100 ? 2 : 12));
  }

  /** Mostly one of the caller's own. */
  #teamOf(caller: Caller): string {
    return caller !== "superuser" && this.#random.chance(0.85) ? caller : this.#random.pick(TEAMS);
  }

  #pathOf(caller: Caller): string {
    const { hot, cold } = this.#wanted;
    const [kind, count] = this.#random.chance(0.6) ? (["hot", hot] as const) : (["cold", cold] as const);
    return `team/${this.#teamOf(caller)}/${kind}/${this.#random.below(count)}`;
  }

  /** The attempt is judged at some moment between its call and its end, unless something fails. */
  #attempt(running: Running, call: number, index: number): void {
    const random = this.#random;
    this.#attempts += 1;
    const trace = this.#attempts.toString(16).padStart(32, "0");
    const attempt: Mutable<Attempt> = { call, end: call, worker: index, trace, status: random.pick(UNKNOWN) };
    running.operation.attempts.push(attempt);
    const judged = call + random.below(4);
    const end = judged + random.below(4);
    const fails = random.chance(this.#wanted.faults);
    attempt.end = fails ? call + random.below(12) : end;
    // What fails may have been carried out, or may be so long after.
    const late = random.chance(0.3) ? random.below(60) : 0;
    const arrives = !fails || random.chance(0.6);
    if (arrives) this.#schedule.at(judged + (fails ? late : 0), (now) => this.#judge(running, { attempt, fails, now }));
    const { key } = running.operation;
    const hedges = key !== undefined && random.chance(0.1);
    const again = index < running.retries && (hedges || (fails && key !== undefined));
    const next = hedges ? call + random.below(attempt.end - call + 1) : attempt.end;
    this.#schedule.at(again ? next : Math.max(...running.operation.attempts.map(({ end }) => end)), (now) => {
      if (again) this.#attempt(running, now, index + 1);
      else this.#begin(running.operation.client, now + random.below(4));
    });
  }

  #judge(
    { operation }: Running,
    { attempt, fails, now }: { readonly attempt: Mutable<Attempt>; readonly fails: boolean; readonly now: number },
  ): void {
    const { status, answer } = this.#decide(operation, attempt.trace, now);
    if (fails) return;
    attempt.status = status;
    if (answer !== undefined) attempt.answer = answer;
    if (answer?.kind === "written" && operation.key !== undefined) {
      this.#schedule.at(attempt.end, () => this.#acknowledged.push(operation.id));
    }
  }

  #decide(
    { id, caller, request, key }: Running["operation"],
    trace: string,
    now: number,
  ): { readonly status: number; readonly answer?: Answer } {
    const known = key === undefined ? undefined : this.#outcomes.get(key);
    if (known !== undefined) {
      if (!this.#store.permits(caller, request)) return { status: 401 };
      return known.operation === id ? { status: 200, answer: known.answer } : { status: 422 };
    }
    const verdict = this.#store.judge(caller, request);
    if (!("commit" in verdict)) return verdict;
    const revision = this.#log.length + 1;
    const at = this.#timeOf(now);
    const version = verdict.commit(revision, at);
    const answer = { kind: "written", version, revision } as const;
    const policy = request.kind === "grant" || request.kind === "revoke";
    const action = request.kind === "grant" ? "put" : request.kind === "revoke" ? "delete" : request.kind;
    if (action === "get" || action === "metadata" || action === "list") throw new Error("a read has been written");
    const resource = "path" in request ? `secret:${request.path}` : `policy:${"team" in request ? request.team : ""}`;
    const writer = caller === "superuser" ? "/superuser" : `/team/${caller}`;
    const entry = { revision, action, resource, writeId: `write ${revision}`, trace, caller: writer, at } as const;
    this.#log.push(policy ? entry : { ...entry, version });
    if (key !== undefined) this.#outcomes.set(key, { operation: id, answer });
    return { status: 200, answer };
  }

  #remove(now: number): void {
    const path = this.#pathOf("superuser");
    if (!this.#store.secrets.delete(path)) return;
    const revision = this.#log.length + 1;
    const entry = { revision, action: "remove", resource: `secret:${path}`, writeId: `write ${revision}` } as const;
    this.#log.push({ ...entry, trace: "f".repeat(32), caller: "/superuser", at: this.#timeOf(now) });
  }

  #timeOf(now: number): number {
    return 1_700_000_000_000 + now * 2;
  }
}
