import type { WriteOrigin } from "../../commit/audited-write.ts";
import type { WriteDeps } from "../../commit/deps.ts";
import type { JsonObject } from "../../json/json-object.ts";
import type { Permission } from "../../policy/permission.ts";
import type { ReservedPath } from "../../policy/reserved.ts";
import type { SecretPath } from "../../secret/secret-path.ts";
import type { PathScope } from "../../store/access.ts";
import type { BulkStore } from "../../store/store.ts";
import type { RequestKeys } from "../read-keys.ts";
import type { Service } from "../service.ts";
import type { Answer } from "./failure.ts";

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
export interface OperationDefinition<Input extends object, Deps> {
  /** Its name in the audit. */
  readonly action: string;
  readonly access: AccessRule;
  /** Builds what `run` works with. `run` can reach nothing else. */
  deps(source: DepsSource): Deps;
  /**
   * Reads the fields of a request; undefined if a field has the wrong type. Values are checked later, after the caller is
   * known: `path` by `runOperation`, the others by `run`.
   */
  parse(body: JsonObject): Input | undefined;
  /** The same for a body of type `application/octet-stream`, if the operation accepts one. */
  parseOctets?(bytes: Uint8Array<ArrayBuffer>): Input;
  /** Plain-text answer to an `application/octet-stream` body that cannot be read. */
  readonly unreadableOctets?: string;
  /** The audit's name for what the request is about, such as `policy:NAME`. Not needed for an input with a `path`. */
  resource?(input: Input): string | undefined;
  /** The JSON body of an error: the zero value of the response type in Go, with `err`. */
  errorBody(err: string): object;
  run(call: OperationCall<Deps>, input: Input): Promise<Answer>;
}

/** An operation whose types of input and dependencies are hidden, so that all operations fit one table. */
export interface Operation {
  readonly action: string;
  readonly access: AccessRule;
  readonly errorBody: (err: string) => object;
  readonly parse: (body: JsonObject) => ParsedRequest | undefined;
  readonly parseOctets: ((bytes: Uint8Array<ArrayBuffer>) => ParsedRequest) | undefined;
  readonly unreadableOctets: string | undefined;
}

/** A request whose fields have the right types. */
export interface ParsedRequest {
  /** Not checked yet. */
  readonly path: string | undefined;
  readonly resource: string | undefined;
  run(source: DepsSource, call: Omit<OperationCall<never>, "deps">): Promise<Answer>;
}

export function operation<Input extends object, Deps>(definition: OperationDefinition<Input, Deps>): Operation {
  const { action, access, unreadableOctets } = definition;
  const toRequest = (input: Input): ParsedRequest => ({
    path: "path" in input && typeof input.path === "string" ? input.path : undefined,
    resource: definition.resource?.(input),
    run: async (source, call) => await definition.run({ ...call, deps: definition.deps(source) }, input),
  });
  const parseOctets = definition.parseOctets?.bind(definition);
  return {
    action,
    access,
    unreadableOctets,
    errorBody: (err) => definition.errorBody(err),
    parse(body) {
      const input = definition.parse(body);
      return input && toRequest(input);
    },
    parseOctets: parseOctets && ((bytes) => toRequest(parseOctets(bytes))),
  };
}
