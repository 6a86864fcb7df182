import {
  type AuditEntry,
  type BookmarkError,
  type Caller,
  delegationOf,
  type Exchange,
  type History,
  type Operation,
  type Request,
  type Result,
} from "../history/history.ts";

/** What differs from a successful operation of the superuser. */
interface Overrides {
  readonly client?: number;
  readonly caller?: Caller;
  readonly key?: string;
  readonly reusesKeyOf?: number;
  /** Invocation and completion. By default after all earlier operations. */
  readonly at?: readonly [number, number];
  /** A write with another status than 200 gets an audit entry only if `entry` is given. */
  readonly status?: number;
  /** Version and revision of the response, but not of the audit entry. */
  readonly version?: number;
  readonly revision?: number;
  /** Changes to the audit entry; `false` omits it. */
  readonly entry?: Partial<AuditEntry> | false;
  /** Of the first exchange; those of retries are numbered. */
  readonly worker?: number;
  /** Revisions of the bookmarks of the first exchange. */
  readonly sent?: number;
  readonly received?: number;
  readonly bookmarkError?: BookmarkError;
  /** Later exchanges. `result` is by default that of the first. */
  readonly retries?: readonly (Pick<Exchange, "status" | "invokedAt" | "completedAt"> & { readonly result?: Result })[];
}

/** Builds a history operation by operation. Writes succeed and are audited; reads return what they are given. */
export class HistoryBuilder {
  readonly #maxVersions: number;
  readonly #operations: Operation[] = [];
  readonly #auditLog: AuditEntry[] = [];
  #facts: Partial<History> = {};
  #now = 0;
  #revision = 0;

  constructor(maxVersions = 10) {
    this.#maxVersions = maxVersions;
  }

  build(): History {
    return { maxVersions: this.#maxVersions, ...this.#facts, operations: this.#operations, auditLog: this.#auditLog };
  }

  /** Adds what a run records besides operations and audit log. */
  facts(facts: Omit<Partial<History>, "operations" | "auditLog">): void {
    this.#facts = { ...this.#facts, ...facts };
  }

  /** The database's time at a revision. */
  static time(revision: number): number {
    return 1_700_000_000_000 + revision * 1000;
  }

  /** Like every method that adds an operation, returns its ID. */
  put(path: string, version: number, options: Overrides & { readonly value?: string; readonly cas?: number } = {}) {
    const value = options.value ?? `${path}@${version}`;
    return this.#write({ kind: "put", path, value, ...casOf(options) }, version, options);
  }

  delete(
    path: string,
    numbers: readonly number[],
    current: number,
    options: Overrides & { readonly cas?: number } = {},
  ) {
    return this.#write({ kind: "delete", path, numbers, ...casOf(options) }, current, options);
  }

  undelete(
    path: string,
    numbers: readonly number[],
    current: number,
    options: Overrides & { readonly cas?: number } = {},
  ) {
    return this.#write({ kind: "undelete", path, numbers, ...casOf(options) }, current, options);
  }

  grant(
    team: string,
    permissions: Extract<Request, { readonly kind: "grant" }>["permissions"],
    options: Overrides = {},
  ) {
    return this.#write({ kind: "grant", team, permissions }, 0, options);
  }

  revoke(team: string, options: Overrides = {}) {
    return this.#write({ kind: "revoke", team }, 0, options);
  }

  delegate(team: string, options: Overrides = {}) {
    return this.#write({ kind: "delegate", team }, 0, options);
  }

  undelegate(team: string, options: Overrides = {}) {
    return this.#write({ kind: "undelegate", team }, 0, options);
  }

  /** A prune that deleted the entries up to `floor`, now or earlier. Without an entry, it was decided at the last revision. */
  prune(floor: number, options: Overrides = {}) {
    const isAudited = options.entry !== undefined && options.entry !== false;
    if (isAudited) this.#revision += 1;
    const revision = options.revision ?? this.#revision;
    const id = this.#add({ kind: "prune", days: 7 }, { kind: "pruned", revision, floor }, options);
    if (!isAudited) return id;
    const trace = traceOf(id);
    this.#auditLog.push(this.#entryOf(revision, { action: "prune", resource: "audit", trace, ...options.entry }));
    return id;
  }

  /** @param response the value, or the status of a refusal */
  get(path: string, number: number, response: string | number, options: Overrides = {}) {
    if (typeof response === "number") {
      return this.#add({ kind: "get", path, number }, undefined, { ...options, status: response });
    }
    return this.#add({ kind: "get", path, number }, { kind: "value", value: response }, options);
  }

  /** @param response versions as `[number, createdAt, deletedAt]`, with revisions for times; or the status of a refusal */
  metadata(
    path: string,
    response:
      | { readonly current: number; readonly oldest: number; readonly versions: readonly (readonly number[])[] }
      | number,
    options: Overrides = {},
  ) {
    if (typeof response === "number") {
      return this.#add({ kind: "metadata", path }, undefined, { ...options, status: response });
    }
    const versions = response.versions.map(([number = 0, createdAt = 0, deletedAt]) => ({
      number,
      createdAt: HistoryBuilder.time(createdAt),
      deletedAt: deletedAt === undefined ? null : HistoryBuilder.time(deletedAt),
    }));
    return this.#add({ kind: "metadata", path }, { kind: "metadata", ...response, versions }, options);
  }

  list(prefix: string, response: readonly string[] | number, options: Overrides = {}) {
    if (typeof response === "number") {
      return this.#add({ kind: "list", prefix }, undefined, { ...options, status: response });
    }
    return this.#add({ kind: "list", prefix }, { kind: "keys", keys: response }, options);
  }

  /** Adds an audit entry without an operation. */
  entry(entry: Partial<AuditEntry>): void {
    this.#revision += 1;
    this.#auditLog.push(this.#entryOf(this.#revision, entry));
  }

  /** Removes the path without a request. */
  remove(path: string): void {
    this.entry({ action: "remove", resource: `secret:${path}` });
  }

  /** Leaves out a revision. */
  skipRevision(): void {
    this.#revision += 1;
  }

  #write(request: Request, version: number, options: Overrides): number {
    const { status = 200, entry } = options;
    const isAudited = entry === undefined ? status === 200 : entry !== false;
    if (isAudited || (status === 200 && options.revision === undefined)) this.#revision += 1;
    const revision = this.#revision;
    const result = {
      kind: "written",
      version: options.version ?? version,
      revision: options.revision ?? revision,
    } as const;
    const id = this.#add(request, result, options);
    if (isAudited) {
      const caller = options.caller === undefined ? "/superuser" : `/team/${options.caller}`;
      const trace = this.#operations[id]!.exchanges[0]!.trace;
      const isSecret = "path" in request;
      const resource = isSecret ? `secret:${request.path}` : `policy:${policyOf(request)}`;
      const action = actionOf(request);
      const defaults = { action, resource, trace, caller, ...(isSecret && { version }) };
      this.#auditLog.push(this.#entryOf(revision, { ...defaults, ...(entry !== false && entry) }));
    }
    return id;
  }

  #add(request: Request, result: Result | undefined, options: Overrides): number {
    const id = this.#operations.length;
    const { client = 1, caller = "superuser", key, reusesKeyOf, status = 200, retries = [] } = options;
    const [invokedAt, completedAt] = options.at ?? [this.#now + 10, this.#now + 15];
    const all = [{ invokedAt, completedAt, status }, ...retries];
    this.#now = Math.max(this.#now, ...all.map((exchange) => exchange.completedAt));
    const exchanges = all.map((exchange, index) => {
      const own = "result" in exchange ? exchange.result : result;
      return {
        invokedAt: exchange.invokedAt,
        completedAt: exchange.completedAt,
        status: exchange.status,
        worker: (options.worker ?? 0) + index,
        trace: traceOf(id, index),
        ...(index === 0 && bookmarksOf(options)),
        ...(exchange.status === 200 && own !== undefined && { result: own }),
      };
    });
    const keyed = { ...(key !== undefined && { key }), ...(reusesKeyOf !== undefined && { reusesKeyOf }) };
    this.#operations.push({ id, client, caller, request, ...keyed, exchanges });
    return id;
  }

  #entryOf(revision: number, entry: Partial<AuditEntry>): AuditEntry {
    return {
      revision,
      action: "put",
      resource: "secret:a",
      writeId: `write-${revision}`,
      trace: "f".repeat(32),
      caller: "/superuser",
      at: HistoryBuilder.time(revision),
      ...entry,
    };
  }
}

/** Trace ID of an operation's exchange. */
export function traceOf(id: number, index = 0): string {
  return `${id.toString(16).padStart(30, "0")}${index.toString(16).padStart(2, "0")}`;
}

function policyOf(request: Request): string {
  if (!("team" in request)) return "";
  return request.kind === "delegate" || request.kind === "undelegate" ? delegationOf(request.team) : request.team;
}

function actionOf({ kind }: Request): AuditEntry["action"] {
  if (kind === "grant" || kind === "delegate") return "put";
  return kind === "put" || kind === "undelete" ? kind : "delete";
}

function bookmarksOf({
  sent,
  received,
  bookmarkError,
}: Overrides): Pick<Exchange, "sentBookmark" | "receivedBookmark" | "bookmarkError"> {
  return {
    ...(sent !== undefined && { sentBookmark: sent }),
    ...(received !== undefined && { receivedBookmark: received }),
    ...(bookmarkError !== undefined && { bookmarkError }),
  };
}

function casOf({ cas }: { readonly cas?: number }): { readonly cas?: number } {
  return cas === undefined ? {} : { cas };
}
