import type { Caller, Permission, Request, Result, VersionMetadata } from "../history/history.ts";

interface Version {
  readonly number: number;
  readonly value: string;
  readonly createdAt: number;
  deletedAt: number | null;
}

interface Secret {
  latest: number;
  versions: Version[];
}

/** The response to a request. A write only takes effect when `commit` is called. */
type Decision =
  | { readonly status: number; readonly result?: Result }
  /** @returns the version in the response */
  | { readonly status: 200; readonly commit: (revision: number, at: number) => number };

/** The simplest correct store: only its current state. */
export class ReferenceStore {
  readonly maxVersions: number;
  readonly secrets: Map<string, Secret>;
  readonly policies: Map<string, readonly Permission[]>;

  constructor(maxVersions: number, from?: ReferenceStore) {
    this.maxVersions = maxVersions;
    this.secrets = new Map(
      [...(from?.secrets ?? [])].map(([path, { latest, versions }]) => [
        path,
        { latest, versions: versions.map((version) => ({ ...version })) },
      ]),
    );
    this.policies = new Map(from?.policies);
  }

  decide(caller: Caller, request: Request): Decision {
    return this.permits(caller, request) ? this.#execute(caller, request) : { status: 401 };
  }

  permits(caller: Caller, request: Request): boolean {
    if (caller === "superuser") return true;
    if (request.kind === "list") return this.policies.get(caller)?.includes("list") === true;
    const path = "path" in request ? request.path : "";
    if (!path.startsWith(`team/${caller}/`)) return false;
    const isRead = request.kind === "get" || request.kind === "metadata";
    const required = isRead ? "read" : "write";
    return this.policies.get(caller)?.includes(required) === true;
  }

  #execute(caller: Caller, request: Request): Decision {
    switch (request.kind) {
      case "get":
        return this.#get(request.path, request.number);
      case "metadata":
        return this.#metadata(request.path);
      case "list": {
        const own = caller === "superuser" ? "" : `team/${caller}/`;
        const keys = [...this.secrets.keys()].filter((path) => path.startsWith(request.prefix) && path.startsWith(own));
        keys.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
        return { status: 200, result: { kind: "keys", keys } };
      }
      case "grant":
        return { status: 200, commit: () => (this.policies.set(request.team, request.permissions), 0) };
      case "revoke":
        if (!this.policies.has(request.team)) return { status: 404 };
        return { status: 200, commit: () => (this.policies.delete(request.team), 0) };
      case "delegate":
      case "undelegate":
      case "prune":
        throw new TypeError("The reference store has neither delegations nor an audit");
      default:
        return this.#write(request);
    }
  }

  #get(path: string, number: number): Decision {
    const live = (this.secrets.get(path)?.versions ?? []).filter(({ deletedAt }) => deletedAt === null);
    const found = number === 0 ? live.at(-1) : live.find((version) => version.number === number);
    return found ? { status: 200, result: { kind: "value", value: found.value } } : { status: 404 };
  }

  #metadata(path: string): Decision {
    const secret = this.secrets.get(path);
    if (secret === undefined) return { status: 404 };
    const live = secret.versions.filter(({ deletedAt }) => deletedAt === null);
    const versions: VersionMetadata[] = secret.versions.map(({ number, createdAt, deletedAt }) => ({
      number,
      createdAt,
      deletedAt,
    }));
    const [current, oldest] = [live.at(-1)?.number ?? 0, live[0]?.number ?? 0];
    return { status: 200, result: { kind: "metadata", current, oldest, versions } };
  }

  #write(request: Extract<Request, { readonly kind: "put" | "delete" | "undelete" }>): Decision {
    const secret = this.secrets.get(request.path);
    if (secret === undefined && request.kind !== "put") return { status: 404 };
    if (request.cas !== undefined && request.cas !== (secret?.latest ?? 0)) return { status: 409 };
    if (request.kind === "put") return { status: 200, commit: (_, at) => this.#put(request, at) };
    const versions = secret?.versions ?? [];
    const isDelete = request.kind === "delete";
    const live = versions.filter(({ deletedAt }) => deletedAt === null);
    const zeroMeans = (isDelete ? live : versions).at(-1)?.number;
    const listed = request.numbers.length === 0 ? [0] : request.numbers;
    const numbers = listed.map((number) => (number === 0 ? zeroMeans : number));
    const changed = versions.filter(
      ({ number, deletedAt }) => numbers.includes(number) && (deletedAt === null) === isDelete,
    );
    if (!isDelete && changed.length === 0) return { status: 404 };
    return {
      status: 200,
      commit: (_, at) => {
        for (const version of changed) version.deletedAt = isDelete ? at : null;
        return versions.findLast(({ deletedAt }) => deletedAt === null)?.number ?? 0;
      },
    };
  }

  #put({ path, value }: Extract<Request, { readonly kind: "put" }>, at: number): number {
    const secret = this.secrets.get(path) ?? { latest: 0, versions: [] };
    this.secrets.set(path, secret);
    secret.latest += 1;
    secret.versions = [...secret.versions, { number: secret.latest, value, createdAt: at, deletedAt: null }].slice(
      -this.maxVersions,
    );
    return secret.latest;
  }
}
