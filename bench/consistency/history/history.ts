/** A permission that a policy of a run may hold. */
export type Permission = "read" | "write" | "list";

/** Who asks: the superuser, or the workload of that team, which has what the team's policy grants below `team/NAME/`. */
export type Caller = "superuser" | (string & {});

/** What a client wanted. `value` is written by no other operation of the run. `number` 0 is the current version. */
export type Request =
  | { readonly kind: "put"; readonly path: string; readonly value: string; readonly cas?: number }
  | { readonly kind: "delete"; readonly path: string; readonly numbers: readonly number[]; readonly cas?: number }
  | { readonly kind: "undelete"; readonly path: string; readonly numbers: readonly number[]; readonly cas?: number }
  | { readonly kind: "get"; readonly path: string; readonly number: number }
  | { readonly kind: "metadata"; readonly path: string }
  | { readonly kind: "list"; readonly prefix: string }
  | { readonly kind: "grant"; readonly team: string; readonly permissions: readonly Permission[] }
  | { readonly kind: "revoke"; readonly team: string };

/** A version as metadata shows it. Times in milliseconds since the epoch, by the database's clock. */
export interface SeenVersion {
  readonly number: number;
  readonly created: number;
  /** null = not deleted. */
  readonly deleted: number | null;
}

/** What a 200 said, by the kind of request. */
export type Answer =
  | { readonly kind: "written"; readonly version: number; readonly revision: number }
  | { readonly kind: "value"; readonly value: string }
  | {
      readonly kind: "metadata";
      readonly current: number;
      readonly oldest: number;
      /** By ascending number. */
      readonly versions: readonly SeenVersion[];
    }
  | { readonly kind: "keys"; readonly keys: readonly string[] };

/** One exchange with a worker. Times in milliseconds by one clock for the whole run. */
export interface Attempt {
  readonly call: number;
  /** When the answer was there, or when it was clear that none would come. */
  readonly end: number;
  readonly worker: number;
  /** 32 hex digits, of this attempt alone: the audit entry of a write has that of the attempt that made it. */
  readonly trace: string;
  /** HTTP status; 0 = no answer. That and 503 leave open what happened. */
  readonly status: number;
  /** With 200, always; else never. */
  readonly answer?: Answer;
}

/** One operation of one client: an attempt, and more under the same idempotency key if the client tried again. */
export interface Operation {
  readonly id: number;
  readonly client: number;
  readonly caller: Caller;
  readonly request: Request;
  readonly key?: string;
  /** The request has the key of that earlier operation, which was acknowledged: it must never be carried out. */
  readonly reuses?: number;
  /** In the order of their calls; at least one. They may overlap. */
  readonly attempts: readonly Attempt[];
}

/** A stored audit entry, read when all was over. */
export interface Entry {
  readonly revision: number;
  /** `remove`: the path has gone with all its versions, and a put begins it anew. */
  readonly action: "put" | "delete" | "undelete" | "remove";
  /** `secret:PATH` or `policy:NAME`; the policy of a team has the team's name. */
  readonly resource: string;
  readonly writeId: string;
  readonly trace: string;
  /** Path of the caller's SPIFFE ID. */
  readonly caller: string;
  /** Milliseconds by the database's clock. */
  readonly at: number;
  /** What the caller was told: the number written, or the current one that resulted. Of secrets only. */
  readonly version?: number;
}

/** All that is known of a run. */
export interface History {
  /** What the times of attempts begin at, in milliseconds since the epoch by the clock of this machine. */
  readonly origin?: number;
  /** Versions kept of each secret. */
  readonly kept: number;
  /** By `id`, which counts from 0. */
  readonly operations: readonly Operation[];
  /** By ascending revision as the database gave them. */
  readonly log: readonly Entry[];
}
