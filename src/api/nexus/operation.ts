import type { WriteOrigin } from "../../commit/audited-write.ts";
import type { WriteDeps } from "../../commit/deps.ts";
import type { Fault } from "../../json/fault.ts";
import type { JsonObject } from "../../json/json-object.ts";
import { checkMembers, type Members, readMembers, unknownMembers, type ValuesOf } from "../../json/read-members.ts";
import type { Permission } from "../../policy/permission.ts";
import type { ReservedPath } from "../../policy/reserved.ts";
import type { SecretPath } from "../../secret/secret-path.ts";
import type { PathScope } from "../../store/access.ts";
import type { BulkStore } from "../../store/store.ts";
import type { RequestKeys } from "../read-keys.ts";
import type { Service } from "../service.ts";
import type { Answer } from "./failure.ts";
import { mistakenMember } from "./mistaken-member.ts";

/** Who may use an operation (SPIKE SDK, spiffeid/auth.go). Every operation names its rule; there is no default. */
type AccessRule =
  /** The superuser, and callers with a policy that grants `wanted` on the request's own path. */
  | { readonly on: "path"; readonly wanted: Permission }
  /**
   * The superuser, and callers with a policy that grants `wanted` on a reserved path.
   *
   * `scoped` also admits callers with a policy that grants `wanted` on other paths, and restricts the result to those paths.
   * `lite` also admits lite workloads, without a policy.
   */
  | { readonly on: ReservedPath; readonly wanted: Permission; readonly scoped?: true; readonly lite?: true }
  /** Only the superuser. */
  | { readonly on: "nothing" }
  /** Only callers with that role. The superuser does not have it. */
  | { readonly on: "role"; readonly role: "recover" | "restore" | "bootstrap" };

/** What an operation's `deps` are built from, for one request. */
export interface DepsSource extends Pick<RequestKeys, "rootKeys"> {
  /** `access` permits the operation in a snapshot. Nothing may be done or revealed before that. */
  readonly write: WriteDeps;
  /** The store of `write`, with bulk commits. */
  readonly bulkStore: BulkStore;
  readonly service: Service;
  readonly requestId: string;
}

/** One request of an operation, after all checks that need no snapshot. */
export interface OperationCall<Deps> {
  readonly deps: Deps;
  readonly origin: WriteOrigin;
  /** The input's `path`, parsed; undefined if the input has none. */
  readonly path: SecretPath | undefined;
  /** Restricts the result of a scoped operation; undefined if nothing restricts it. */
  readonly scope: PathScope | undefined;
}

/** An operation: one path and one `?action=`. */
export interface OperationDefinition<M extends Members, Deps> {
  /** Its name in the audit. */
  readonly action: string;
  readonly access: AccessRule;
  /** It changes nothing, and an answer may come from a state that is a little old: a replica may serve it. */
  readonly isRead?: true;
  /**
   * The members of its body. Types are checked before the caller is known. Values are checked for permitted callers, except
   * that a malformed `path` is refused to every caller with an identity.
   */
  readonly members: M;
  /** Builds what `run` works with. `run` can reach nothing else. */
  deps(source: DepsSource): Deps;
  /** The audit's name for what the request is about, such as `policy:NAME`. Not needed for a request with a `path`. */
  resource?(input: ValuesOf<M>): string | undefined;
  /** The JSON body of an error: the zero value of the response type in Go, with `err`. */
  errorBody(err: string): object;
  run(call: OperationCall<Deps>, input: ValuesOf<M>): Promise<Answer>;
  /** Runs a request whose body is of type `application/octet-stream`, if the operation accepts one. */
  runOctets?(call: OperationCall<Deps>, bytes: Uint8Array<ArrayBuffer>): Promise<Answer>;
  /** Plain-text answer to an `application/octet-stream` body that cannot be read. */
  readonly unreadableOctets?: string;
}

/** An operation whose types of input and dependencies are hidden, so that all operations fit one table. */
export interface Operation {
  readonly action: string;
  readonly access: AccessRule;
  readonly isRead: boolean;
  readonly members: Members;
  readonly errorBody: (err: string) => object;
  readonly parse: (body: JsonObject) => ParsedBody;
  readonly parseOctets: ((bytes: Uint8Array<ArrayBuffer>) => ParsedRequest) | undefined;
  readonly unreadableOctets: string | undefined;
}

export type ParsedBody =
  | { readonly ok: true; readonly request: ParsedRequest }
  | { readonly ok: false; readonly fault: Fault };

/** A request whose members have the right types. */
export interface ParsedRequest {
  /** Not checked yet. */
  readonly path: string | undefined;
  readonly resource: string | undefined;
  /** The first member whose value breaks its rule. The fault of a malformed path comes first. */
  readonly fault: Fault | undefined;
  /** Names, as sent, of members that the operation does not have. */
  readonly unknown: readonly string[];
  run(source: DepsSource, call: Omit<OperationCall<never>, "deps">): Promise<Answer>;
}

/** SPIKE's request types declare `err`, and those of the cipher `algorithm`. SPIKE reads neither. */
const IGNORED: readonly string[] = ["err", "algorithm"];

export function operation<M extends Members, Deps>(definition: OperationDefinition<M, Deps>): Operation {
  const { action, access, members, unreadableOctets } = definition;
  const runOctets = definition.runOctets?.bind(definition);
  const known = new Set([...IGNORED, ...Object.keys(members)].map((name) => name.toLowerCase()));
  return {
    action,
    access,
    isRead: definition.isRead === true,
    members,
    unreadableOctets,
    errorBody: (err) => definition.errorBody(err),
    parse(body) {
      const unknown = unknownMembers(body, known);
      const mistake = unknown.map((name) => mistakenMember(name, members)).find((fault) => fault !== undefined);
      if (mistake !== undefined) return { ok: false, fault: mistake };
      const read = readMembers(body, members);
      if (!read.ok) return read;
      const { values } = read;
      const path: unknown = values["path"];
      return {
        ok: true,
        request: {
          path: typeof path === "string" ? path : undefined,
          resource: definition.resource?.(values),
          fault: checkMembers(values, members),
          unknown,
          run: async (source, call) => await definition.run({ ...call, deps: definition.deps(source) }, values),
        },
      };
    },
    parseOctets:
      runOctets &&
      ((bytes) => ({
        path: undefined,
        resource: undefined,
        fault: undefined,
        unknown: [],
        run: async (source, call) => await runOctets({ ...call, deps: definition.deps(source) }, bytes),
      })),
  };
}
