import type { Answer, Attempt, Caller, Entry, History, Operation, Request } from "../history/history.ts";

/** What a told operation can have otherwise than usual. */
interface Otherwise {
  readonly client?: number;
  readonly caller?: Caller;
  readonly key?: string;
  readonly reuses?: number;
  /** Call and end; else after all that was told before. */
  readonly at?: readonly [number, number];
  /** Of the answer. A write that is not a 200 is not in the log, unless `entry` is given. */
  readonly status?: number;
  /** Of the answer only. */
  readonly version?: number;
  readonly revision?: number;
  /** Of the log: `false` = no entry. */
  readonly entry?: Partial<Entry> | false;
  /** Later attempts; `answer` is by default that of the first. */
  readonly again?: readonly (Pick<Attempt, "status" | "call" | "end"> & { readonly answer?: Answer })[];
}

/** A history told one operation after the other: writes succeed and are logged, and reads say what they are given. */
export class Story {
  readonly #kept: number;
  readonly #operations: Operation[] = [];
  readonly #log: Entry[] = [];
  #now = 0;
  #revision = 0;

  constructor(kept = 10) {
    this.#kept = kept;
  }

  get history(): History {
    return { kept: this.#kept, operations: this.#operations, log: this.#log };
  }

  /** Time of the database at a revision. */
  static time(revision: number): number {
    return 1_700_000_000_000 + revision * 1000;
  }

  /** @returns the operation's id, as all do. */
  put(path: string, version: number, options: Otherwise & { readonly value?: string; readonly cas?: number } = {}) {
    const value = options.value ?? `${path}@${version}`;
    return this.#write({ kind: "put", path, value, ...casOf(options) }, version, options);
  }

  delete(
    path: string,
    numbers: readonly number[],
    current: number,
    options: Otherwise & { readonly cas?: number } = {},
  ) {
    return this.#write({ kind: "delete", path, numbers, ...casOf(options) }, current, options);
  }

  undelete(
    path: string,
    numbers: readonly number[],
    current: number,
    options: Otherwise & { readonly cas?: number } = {},
  ) {
    return this.#write({ kind: "undelete", path, numbers, ...casOf(options) }, current, options);
  }

  grant(
    team: string,
    permissions: Extract<Request, { readonly kind: "grant" }>["permissions"],
    options: Otherwise = {},
  ) {
    return this.#write({ kind: "grant", team, permissions }, 0, options);
  }

  revoke(team: string, options: Otherwise = {}) {
    return this.#write({ kind: "revoke", team }, 0, options);
  }

  /** The value, or a refusal. */
  get(path: string, number: number, seen: string | number, options: Otherwise = {}) {
    const answer = typeof seen === "string" ? ({ kind: "value", value: seen } as const) : undefined;
    return this.#read({ kind: "get", path, number }, answer, { ...options, ...(answer ?? { status: seen as number }) });
  }

  /** Versions as `[number, created, deleted]`, by revisions. */
  metadata(
    path: string,
    seen:
      | { readonly current: number; readonly oldest: number; readonly versions: readonly (readonly number[])[] }
      | number,
    options: Otherwise = {},
  ) {
    if (typeof seen === "number")
      return this.#read({ kind: "metadata", path }, undefined, { ...options, status: seen });
    const versions = seen.versions.map(([number = 0, created = 0, deleted]) => ({
      number,
      created: Story.time(created),
      deleted: deleted === undefined ? null : Story.time(deleted),
    }));
    return this.#read({ kind: "metadata", path }, { kind: "metadata", ...seen, versions }, options);
  }

  list(prefix: string, seen: readonly string[] | number, options: Otherwise = {}) {
    if (typeof seen === "number") return this.#read({ kind: "list", prefix }, undefined, { ...options, status: seen });
    return this.#read({ kind: "list", prefix }, { kind: "keys", keys: seen }, options);
  }

  /** An entry that no operation made. */
  entry(entry: Partial<Entry>): void {
    this.#revision += 1;
    this.#log.push(this.#entryOf(this.#revision, entry));
  }

  /** The path goes, by no request. */
  remove(path: string): void {
    this.entry({ action: "remove", resource: `secret:${path}` });
  }

  /** Uses up a revision without an entry. */
  skip(): void {
    this.#revision += 1;
  }

  #write(request: Request, version: number, options: Otherwise): number {
    const { status = 200, entry } = options;
    const logged = entry === undefined ? status === 200 : entry !== false;
    if (logged || (status === 200 && options.revision === undefined)) this.#revision += 1;
    const revision = this.#revision;
    const answer = {
      kind: "written",
      version: options.version ?? version,
      revision: options.revision ?? revision,
    } as const;
    const id = this.#push(request, answer, options);
    if (logged) {
      const caller = options.caller === undefined ? "/superuser" : `/team/${options.caller}`;
      const trace = this.#operations[id]!.attempts[0]!.trace;
      const secret = "path" in request;
      const resource = secret ? `secret:${request.path}` : `policy:${"team" in request ? request.team : ""}`;
      const action = actionOf(request);
      const usual = { action, resource, trace, caller, ...(secret && { version }) };
      this.#log.push(this.#entryOf(revision, { ...usual, ...(entry !== false && entry) }));
    }
    return id;
  }

  #read(request: Request, answer: Answer | undefined, options: Otherwise): number {
    return this.#push(request, answer, options);
  }

  #push(request: Request, answer: Answer | undefined, options: Otherwise): number {
    const id = this.#operations.length;
    const { client = 1, caller = "superuser", key, reuses, status = 200, again = [] } = options;
    const [call, end] = options.at ?? [this.#now + 10, this.#now + 15];
    const told = [{ call, end, status }, ...again];
    this.#now = Math.max(this.#now, ...told.map((attempt) => attempt.end));
    const attempts = told.map((attempt, index) => {
      const given = "answer" in attempt ? attempt.answer : answer;
      return {
        call: attempt.call,
        end: attempt.end,
        status: attempt.status,
        worker: index,
        trace: traceOf(id, index),
        ...(attempt.status === 200 && given !== undefined && { answer: given }),
      };
    });
    const keyed = { ...(key !== undefined && { key }), ...(reuses !== undefined && { reuses }) };
    this.#operations.push({ id, client, caller, request, ...keyed, attempts });
    return id;
  }

  #entryOf(revision: number, entry: Partial<Entry>): Entry {
    return {
      revision,
      action: "put",
      resource: "secret:a",
      writeId: `write-${revision}`,
      trace: "f".repeat(32),
      caller: "/superuser",
      at: Story.time(revision),
      ...entry,
    };
  }
}

/** Trace of an attempt of an operation of a story. */
export function traceOf(id: number, attempt = 0): string {
  return `${id.toString(16).padStart(30, "0")}${attempt.toString(16).padStart(2, "0")}`;
}

function actionOf({ kind }: Request): Entry["action"] {
  if (kind === "grant") return "put";
  return kind === "put" || kind === "undelete" ? kind : "delete";
}

function casOf({ cas }: { readonly cas?: number }): { readonly cas?: number } {
  return cas === undefined ? {} : { cas };
}
