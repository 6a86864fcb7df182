import {
  type AuditEntry,
  type Caller,
  type Exchange,
  type History,
  isWrite,
  type Operation,
  type Request,
  type Result,
} from "../history/history.ts";
import { ReferenceStore } from "./reference-store.fixture.ts";
import { createRandom, type Random } from "../random.ts";
import { EventQueue } from "./event-queue.fixture.ts";
import { REPLICA_FACTS, SimulatedReplica } from "./simulated-replica.fixture.ts";

/** Parameters of a simulated run. */
export interface Simulation {
  readonly seed: number;
  readonly operations: number;
  readonly clients?: number;
  readonly maxVersions?: number;
  /** Number of hot paths, which get most of the requests, and of cold paths, which get the others. */
  readonly hot?: number;
  readonly cold?: number;
  /** Probability that an exchange ends with an unknown outcome. */
  readonly faults?: number;
  /** Probability that a superuser's request changes a policy. */
  readonly policies?: number;
  /** Probability that a request is a list. */
  readonly lists?: number;
  /** Probability that a path is removed before a request. */
  readonly removals?: number;
  /** Adds a worker that reads from a replica, and clients that send bookmarks. */
  readonly replica?: boolean;
}

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

interface Running {
  readonly operation: Omit<Operation, "exchanges"> & { readonly exchanges: Mutable<Exchange>[] };
  readonly retries: number;
}

const TEAMS = ["red", "blue"] as const;
const UNKNOWN = [0, 503] as const;

/** The history of a correct store with concurrent clients and an unreliable network. */
export function simulate(simulation: Simulation): History {
  return new Simulator(simulation).run();
}

class Simulator {
  readonly #random: Random;
  readonly #options: Required<Simulation>;
  readonly #store: ReferenceStore;
  readonly #replica: SimulatedReplica | undefined;
  readonly #events = new EventQueue();
  readonly #operations: Running["operation"][] = [];
  readonly #auditLog: AuditEntry[] = [];
  readonly #outcomes = new Map<string, { readonly operation: number; readonly result: Result }>();
  readonly #acknowledged: number[] = [];
  #sent = 0;

  constructor(simulation: Simulation) {
    const defaults = {
      clients: 6,
      maxVersions: 3,
      hot: 2,
      cold: 4,
      faults: 0.15,
      policies: 0.06,
      lists: 0.06,
      removals: 0.01,
      replica: false,
    };
    this.#options = { ...defaults, ...simulation };
    this.#random = createRandom(simulation.seed);
    this.#store = new ReferenceStore(this.#options.maxVersions);
    if (this.#options.replica) this.#replica = new SimulatedReplica(this.#store, this.#random);
  }

  run(): History {
    for (let client = 0; client < this.#options.clients; client += 1) this.#begin(client, client % 3);
    this.#events.run();
    const { maxVersions, replica } = this.#options;
    const facts = replica ? REPLICA_FACTS : {};
    return { maxVersions, ...facts, operations: this.#operations, auditLog: this.#auditLog };
  }

  #begin(client: number, time: number): void {
    this.#events.at(time, () => {
      if (this.#operations.length >= this.#options.operations) return;
      if (this.#random.chance(this.#options.removals)) this.#remove(time);
      const running = { operation: this.#operationOf(client), retries: this.#random.below(3) };
      this.#operations.push(running.operation);
      this.#send(running, time, 0);
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
      return { id, client, caller, request: other, key, reusesKeyOf: first.id, exchanges: [] };
    }
    const caller: Caller = random.chance(0.4) ? random.pick(TEAMS) : "superuser";
    const request = this.#requestOf(id, caller);
    const keyed = isWrite(request) && random.chance(0.7);
    return { id, client, caller, request, ...(keyed && { key: `key ${id}` }), exchanges: [] };
  }

  #requestOf(id: number, caller: Caller): Request {
    const random = this.#random;
    if (caller === "superuser" && random.chance(this.#options.policies)) {
      const team = random.pick(TEAMS);
      const permissions = (["read", "write", "list"] as const).filter((): boolean => random.chance(0.7));
      return random.chance(0.3) ? { kind: "revoke", team } : { kind: "grant", team, permissions };
    }
    if (random.chance(this.#options.lists)) return { kind: "list", prefix: this.#prefixOf(caller) };
    const path = this.#pathOf(caller);
    const latest = this.#store.secrets.get(path)?.latest ?? 0;
    const near = Math.max(0, latest - random.below(this.#options.maxVersions + 2));
    const cas = random.chance(0.4) ? { cas: random.chance(0.8) ? latest : near } : {};
    const numbers = random.chance(0.4) ? [] : [near, ...(random.chance(0.3) ? [latest] : [])];
    const roll = random.next();
    if (roll < 0.4) return { kind: "put", path, value: `value ${id}`, ...cas };
    if (roll < 0.5) return { kind: "delete", path, numbers, ...cas };
    if (roll < 0.58) return { kind: "undelete", path, numbers, ...cas };
    if (roll < 0.72) return { kind: "get", path, number: 0 };
    if (roll < 0.82) return { kind: "get", path, number: near };
    return { kind: "metadata", path };
  }

  #prefixOf(caller: Caller): string {
    const prefix = this.#pathOf(caller);
    if (this.#options.cold <= 100 && this.#random.chance(0.1)) return this.#random.pick(["team/", "team/red/", ""]);
    // Cut off the end: the rest is a prefix of several paths.
    return prefix.slice(0, prefix.length - this.#random.below(this.#options.cold > 100 ? 2 : 12));
  }

  /** Mostly the caller's own team. */
  #teamOf(caller: Caller): string {
    return caller !== "superuser" && this.#random.chance(0.85) ? caller : this.#random.pick(TEAMS);
  }

  #pathOf(caller: Caller): string {
    const { hot, cold } = this.#options;
    const [kind, count] = this.#random.chance(0.6) ? (["hot", hot] as const) : (["cold", cold] as const);
    return `team/${this.#teamOf(caller)}/${kind}/${this.#random.below(count)}`;
  }

  /** The store executes the request between invocation and completion, unless the network fails. */
  #send(running: Running, invokedAt: number, index: number): void {
    const random = this.#random;
    this.#sent += 1;
    const trace = this.#sent.toString(16).padStart(32, "0");
    const exchange: Mutable<Exchange> = {
      invokedAt,
      completedAt: invokedAt,
      worker: this.#options.replica ? random.below(REPLICA_FACTS.routes.length) : index,
      trace,
      status: random.pick(UNKNOWN),
      ...this.#replica?.sentBookmark(running.operation.client),
    };
    running.operation.exchanges.push(exchange);
    const executedAt = invokedAt + random.below(4);
    const completedAt = executedAt + random.below(4);
    const fails = random.chance(this.#options.faults);
    exchange.completedAt = fails ? invokedAt + random.below(12) : completedAt;
    // After a failure, the request may still arrive, even much later.
    const delay = random.chance(0.3) ? random.below(60) : 0;
    const arrives = !fails || random.chance(0.6);
    if (arrives)
      this.#events.at(executedAt + (fails ? delay : 0), (now) => this.#receive(running, { exchange, fails, now }));
    const { key } = running.operation;
    const isHedged = key !== undefined && random.chance(0.1);
    const isRetried = index < running.retries && (isHedged || (fails && key !== undefined));
    const next = isHedged ? invokedAt + random.below(exchange.completedAt - invokedAt + 1) : exchange.completedAt;
    this.#events.at(
      isRetried ? next : Math.max(...running.operation.exchanges.map(({ completedAt }) => completedAt)),
      (now) => {
        if (isRetried) this.#send(running, now, index + 1);
        else this.#begin(running.operation.client, now + random.below(4));
      },
    );
  }

  #receive(
    { operation }: Running,
    { exchange, fails, now }: { readonly exchange: Mutable<Exchange>; readonly fails: boolean; readonly now: number },
  ): void {
    const shown = this.#replica?.read(operation, exchange);
    const { status, result } = shown ?? this.#decide(operation, exchange.trace, now);
    const revision = shown?.revision ?? this.#auditLog.length;
    if (fails) return;
    exchange.status = status;
    if (result !== undefined) exchange.result = result;
    if (
      this.#replica !== undefined &&
      status === 200 &&
      (isWrite(operation.request) || exchange.sentBookmark !== undefined)
    ) {
      exchange.receivedBookmark = revision;
      this.#events.at(exchange.completedAt, () => this.#replica?.keep(operation.client, revision));
    }
    if (result?.kind === "written" && operation.key !== undefined) {
      this.#events.at(exchange.completedAt, () => this.#acknowledged.push(operation.id));
    }
  }

  #decide(
    { id, caller, request, key }: Running["operation"],
    trace: string,
    now: number,
  ): { readonly status: number; readonly result?: Result } {
    const known = key === undefined ? undefined : this.#outcomes.get(key);
    if (known !== undefined) {
      if (!this.#store.permits(caller, request)) return { status: 401 };
      return known.operation === id ? { status: 200, result: known.result } : { status: 422 };
    }
    const decision = this.#store.decide(caller, request);
    if (!("commit" in decision)) return decision;
    const revision = this.#auditLog.length + 1;
    const at = this.#timeOf(now);
    const version = decision.commit(revision, at);
    const result = { kind: "written", version, revision } as const;
    const isPolicy = request.kind === "grant" || request.kind === "revoke";
    const action = request.kind === "grant" ? "put" : request.kind === "revoke" ? "delete" : request.kind;
    if (
      action === "get" ||
      action === "metadata" ||
      action === "list" ||
      action === "delegate" ||
      action === "undelegate"
    )
      throw new Error("A read cannot commit");
    const resource = "path" in request ? `secret:${request.path}` : `policy:${"team" in request ? request.team : ""}`;
    const callerId = caller === "superuser" ? "/superuser" : `/team/${caller}`;
    const entry = { revision, action, resource, writeId: `write ${revision}`, trace, caller: callerId, at } as const;
    this.#auditLog.push(isPolicy ? entry : { ...entry, version });
    this.#replica?.commit(now, this.#store);
    if (key !== undefined) this.#outcomes.set(key, { operation: id, result });
    return { status: 200, result };
  }

  #remove(now: number): void {
    const path = this.#pathOf("superuser");
    if (!this.#store.secrets.delete(path)) return;
    const revision = this.#auditLog.length + 1;
    const entry = { revision, action: "remove", resource: `secret:${path}`, writeId: `write ${revision}` } as const;
    this.#auditLog.push({ ...entry, trace: "f".repeat(32), caller: "/superuser", at: this.#timeOf(now) });
    this.#replica?.commit(now, this.#store);
  }

  #timeOf(now: number): number {
    return 1_700_000_000_000 + now * 2;
  }
}
