import type { Answer, Caller, Permission, Request, SeenVersion } from "../history/history.ts";

interface PlainVersion {
  readonly number: number;
  readonly value: string;
  readonly created: number;
  deleted: number | null;
}

interface PlainSecret {
  latest: number;
  versions: PlainVersion[];
}

/** What a request comes to. A write is carried out by `commit`, and only then. */
type Verdict =
  | { readonly status: number; readonly answer?: Answer }
  /** @returns the version that the caller is told. */
  | { readonly status: 200; readonly commit: (revision: number, at: number) => number };

/** The store in its plainest form: what it is at one moment, and nothing of the past. */
export class PlainStore {
  readonly kept: number;
  readonly secrets: Map<string, PlainSecret>;
  readonly policies: Map<string, readonly Permission[]>;

  constructor(kept: number, from?: PlainStore) {
    this.kept = kept;
    this.secrets = new Map(
      [...(from?.secrets ?? [])].map(([path, { latest, versions }]) => [
        path,
        { latest, versions: versions.map((version) => ({ ...version })) },
      ]),
    );
    this.policies = new Map(from?.policies);
  }

  judge(caller: Caller, request: Request): Verdict {
    return this.permits(caller, request) ? this.#decide(caller, request) : { status: 401 };
  }

  permits(caller: Caller, request: Request): boolean {
    if (caller === "superuser") return true;
    if (request.kind === "list") return this.policies.get(caller)?.includes("list") === true;
    const place = "path" in request ? request.path : "";
    if (!place.startsWith(`team/${caller}/`)) return false;
    const reads = request.kind === "get" || request.kind === "metadata";
    const needed = reads ? "read" : "write";
    return this.policies.get(caller)?.includes(needed) === true;
  }

  #decide(caller: Caller, request: Request): Verdict {
    switch (request.kind) {
      case "get":
        return this.#get(request.path, request.number);
      case "metadata":
        return this.#metadata(request.path);
      case "list": {
        const own = caller === "superuser" ? "" : `team/${caller}/`;
        const keys = [...this.secrets.keys()].filter((path) => path.startsWith(request.prefix) && path.startsWith(own));
        keys.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
        return { status: 200, answer: { kind: "keys", keys } };
      }
      case "grant":
        return { status: 200, commit: () => (this.policies.set(request.team, request.permissions), 0) };
      case "revoke":
        if (!this.policies.has(request.team)) return { status: 404 };
        return { status: 200, commit: () => (this.policies.delete(request.team), 0) };
      default:
        return this.#write(request);
    }
  }

  #get(path: string, number: number): Verdict {
    const live = (this.secrets.get(path)?.versions ?? []).filter(({ deleted }) => deleted === null);
    const found = number === 0 ? live.at(-1) : live.find((version) => version.number === number);
    return found ? { status: 200, answer: { kind: "value", value: found.value } } : { status: 404 };
  }

  #metadata(path: string): Verdict {
    const secret = this.secrets.get(path);
    if (secret === undefined) return { status: 404 };
    const live = secret.versions.filter(({ deleted }) => deleted === null);
    const versions: SeenVersion[] = secret.versions.map(({ number, created, deleted }) => ({
      number,
      created,
      deleted,
    }));
    const [current, oldest] = [live.at(-1)?.number ?? 0, live[0]?.number ?? 0];
    return { status: 200, answer: { kind: "metadata", current, oldest, versions } };
  }

  #write(request: Extract<Request, { readonly kind: "put" | "delete" | "undelete" }>): Verdict {
    const secret = this.secrets.get(request.path);
    if (secret === undefined && request.kind !== "put") return { status: 404 };
    if (request.cas !== undefined && request.cas !== (secret?.latest ?? 0)) return { status: 409 };
    if (request.kind === "put") return { status: 200, commit: (_, at) => this.#put(request, at) };
    const versions = secret?.versions ?? [];
    const deletes = request.kind === "delete";
    const live = versions.filter(({ deleted }) => deleted === null);
    const zero = (deletes ? live : versions).at(-1)?.number;
    const listed = request.numbers.length === 0 ? [0] : request.numbers;
    const numbers = listed.map((number) => (number === 0 ? zero : number));
    const changed = versions.filter(
      ({ number, deleted }) => numbers.includes(number) && (deleted === null) === deletes,
    );
    if (!deletes && changed.length === 0) return { status: 404 };
    return {
      status: 200,
      commit: (_, at) => {
        for (const version of changed) version.deleted = deletes ? at : null;
        return versions.findLast(({ deleted }) => deleted === null)?.number ?? 0;
      },
    };
  }

  #put({ path, value }: Extract<Request, { readonly kind: "put" }>, at: number): number {
    const secret = this.secrets.get(path) ?? { latest: 0, versions: [] };
    this.secrets.set(path, secret);
    secret.latest += 1;
    secret.versions = [...secret.versions, { number: secret.latest, value, created: at, deleted: null }].slice(
      -this.kept,
    );
    return secret.latest;
  }
}
