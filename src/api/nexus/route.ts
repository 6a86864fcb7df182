import type { Permission } from "../../policy/permission.ts";
import type { ReservedPath } from "../../policy/reserved.ts";
import type { PolicyDeps } from "../../policy/deps.ts";
import type { CipherDeps } from "../../cipher/deps.ts";
import type { RecoveryDeps } from "../../recovery/deps.ts";
import type { RotationDeps } from "../../rotation/deps.ts";
import type { SecretDeps } from "../../secret/deps.ts";
import type { SecretPath } from "../../secret/secret-path.ts";
import type { PathScope } from "../../store/access.ts";
import type { Fetch } from "../../trust/fetch-bundle.ts";
import type { TrustDeps } from "../../trust/deps.ts";
import type { JsonObject } from "../../json/json-object.ts";
import type { Answer } from "./failure.ts";

/** Who may use an operation (SPIKE SDK, spiffeid/auth.go). Every route names its rule: there is no default. */
type RouteAccess =
  /** The superuser, and whom a policy grants `wanted` on the request's own path. */
  | { readonly on: "path"; readonly wanted: Permission }
  /**
   * The superuser, and whom a policy grants `wanted` on a path of the system's. With `scoped` also those whom policies
   * grant it on some paths: the operation then shows them no others. With `lite` also lite workloads, without a policy.
   */
  | { readonly on: ReservedPath; readonly wanted: Permission; readonly scoped?: true; readonly lite?: true }
  /** The superuser alone. */
  | { readonly on: "nothing" }
  /** Whoever has that role alone, the superuser not. */
  | { readonly on: "role"; readonly role: "recover" | "restore" | "bootstrap" };

/** One operation of this door: what its body has to look like, and what it does once the caller is known and allowed. */
export interface NexusRoute<Shape extends object> {
  /** Its name in the audit. */
  readonly action: string;
  readonly access: RouteAccess;
  /**
   * The request's fields, or nothing when one has another type. Contents are judged later: a `path` by the door, the
   * rest by `run`.
   */
  readShape(body: JsonObject): Shape | undefined;
  /** The same of a body that is bytes, for operations that take these as well (`application/octet-stream`). */
  readOctets?(bytes: Uint8Array<ArrayBuffer>): Shape;
  /** The word that such an operation answers in plain text with where the bytes could not be read. */
  readonly octetFault?: string;
  /** What the request is about besides its `path`, for the audit: `policy:NAME`. Nothing that is no name. */
  resource?(shape: Shape): string | undefined;
  /** The JSON body that goes with an error of this operation (Go sends the zero value of its response type). */
  errorBody(err: string): object;
  /** Nothing is to be done or told before `call.room.access` has permitted it in a snapshot. */
  run(call: NexusCall, shape: Shape): Promise<Answer>;
}

/** What an operation works with, for one request. */
export interface NexusCall {
  readonly deps: SecretDeps & PolicyDeps & TrustDeps & RotationDeps & RecoveryDeps & CipherDeps;
  /** SPIFFE ID of the caller. */
  readonly caller: string;
  readonly traceId: string;
  /** Milliseconds that the whole request may take. */
  readonly timeoutMs: number;
  readonly idempotencyKey: string | undefined;
  /** The shape's `path`, parsed; undefined for operations without one. */
  readonly path: SecretPath | undefined;
  /** The highest number that a share of a root key may have. */
  readonly maxShares: number;
  /** For trust bundles. */
  readonly fetch: Fetch;
  /** What the caller may see of a scoped operation; undefined where nothing restricts it. */
  readonly scope: PathScope | undefined;
}

/** A route with its shape closed over, so that routes of all shapes fit one table. */
export interface AnyRoute {
  readonly action: string;
  readonly access: RouteAccess;
  errorBody(err: string): object;
  read(body: JsonObject): ReadRoute | undefined;
  readonly readOctets: ((bytes: Uint8Array<ArrayBuffer>) => ReadRoute) | undefined;
  readonly octetFault: string | undefined;
}

export interface ReadRoute {
  readonly path: string | undefined;
  readonly resource: string | undefined;
  run(call: NexusCall): Promise<Answer>;
}

export function route<Shape extends object>(definition: NexusRoute<Shape>): AnyRoute {
  const { action, access, octetFault } = definition;
  const readOctets = definition.readOctets?.bind(definition);
  return {
    action,
    access,
    octetFault,
    readOctets:
      readOctets &&
      ((bytes) => {
        const shape = readOctets(bytes);
        return { path: undefined, resource: undefined, run: async (call) => await definition.run(call, shape) };
      }),
    errorBody: (err) => definition.errorBody(err),
    read(body) {
      const shape = definition.readShape(body);
      if (shape === undefined) return undefined;
      const path = "path" in shape && typeof shape.path === "string" ? shape.path : undefined;
      const resource = definition.resource?.(shape);
      return { path, resource, run: async (call) => await definition.run(call, shape) };
    },
  };
}
