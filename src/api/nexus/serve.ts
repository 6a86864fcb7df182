import { roleOf } from "../../identity/role.ts";
import type { SpiffeId, TrustDomain } from "../../identity/spiffe-id.ts";
import { policyAccess } from "../../policy/access.ts";
import type { PolicyProblem } from "../../policy/deps.ts";
import { pathScope } from "../../policy/path-scope.ts";
import { roleAccess } from "../../policy/role-access.ts";
import type { RowProblem } from "../../rotation/deps.ts";
import { parseSecretPath, type SecretPath } from "../../secret/secret-path.ts";
import { tryDecodeUtf8 } from "../../encoding/utf8.ts";
import { type Access, type PathScope, UNRESTRICTED } from "../../store/access.ts";
import type { Proof } from "../../trust/proof.ts";
import type { BundleProblem } from "../../trust/deps.ts";
import { parseJsonObject } from "../../json/json-object.ts";
import { readBody } from "../read-body.ts";
import { reportBundle } from "../report-bundle.ts";
import type { RequestScope } from "../request-scope.ts";
import type { KeyedService } from "../service.ts";
import { type Answer, refused } from "./failure.ts";
import { identify } from "./identify.ts";
import { refuseIfPermitted } from "./refuse-if-permitted.ts";
import type { AnyRoute, ReadRoute } from "./route.ts";

/**
 * Takes a request through the checks in their order: size, JSON and shape (400, 413), identity (401), path alphabet
 * (400), and the rest by the route itself, the permission (401) first: policies are judged in the snapshot that holds
 * everything else, so that they cost no round trip of their own. Nothing reaches the database before the path.
 *
 * An identity of a domain whose bundle is stored is proved in that snapshot too, before the permission; until then it is a
 * claim, and a path that is none takes a round trip to be told so.
 */
export async function serve(
  route: AnyRoute,
  request: Request,
  { service, scope }: { readonly service: KeyedService; readonly scope: RequestScope },
): Promise<Answer> {
  const { trail, attempts } = scope;
  const read = await readRequest(route, request, { most: service.maxBodyBytes, signal: attempts.deadline });
  if (!("run" in read)) return read;
  const path = read.path === undefined ? undefined : parseSecretPath(read.path);
  const resource = path === undefined ? read.resource : `secret:${path}`;
  if (resource !== undefined) trail.resource = resource;

  const identity = await identify(request, { service, scope });
  if (!identity.ok) {
    if (identity.claimed !== undefined) trail.claimed = identity.claimed;
    return { ok: false, failure: { code: "unauthorized", reason: identity.reason } };
  }
  const { caller, proof } = identity;
  const misspelt = read.path !== undefined && path === undefined;
  if (misspelt && proof === undefined) return refused("bad_request");
  const claimed = misspelt ? ANYBODY : await rightOf(route, { caller, path }, { service, scope });
  if (claimed === undefined) return refused("denied");
  const right = proof === undefined ? claimed : provenRight(proof, claimed);

  const { ring, rootKeys, keptVersions, platform } = service;
  const { maxShares, ...split } = service.shamir;
  const deps = {
    store: scope.store,
    ring,
    rootKeys,
    split,
    maxCipherBytes: service.maxCipherBytes,
    keptVersions,
    attempts,
    randomBytes: (length: number) => platform.randomBytes(length),
    access: right.access,
    reportPolicy: (problem: PolicyProblem) => reportPolicy(service, scope, problem),
    reportBundle: (problem: BundleProblem) => reportBundle(service, scope, problem),
    reportRow: ({ resource, reason, detail }: RowProblem) =>
      platform.log({
        level: "error",
        event: "row_not_rewrapped",
        requestId: scope.id,
        reason,
        detail: `${resource}: ${detail}`,
      }),
    isStatic: (trustDomain: TrustDomain) => service.trust.isStatic(trustDomain),
  };
  const idempotencyKey = request.headers.get("idempotency-key") ?? undefined;
  const timeoutMs = service.requestTimeoutMs;
  const { fetch } = service;
  const call = {
    deps,
    caller,
    traceId: scope.id,
    timeoutMs,
    idempotencyKey,
    path,
    maxShares,
    fetch,
    scope: right.scope,
  };
  const wrongKey = idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey);
  if (misspelt || wrongKey) return await refuseIfPermitted(call);
  return await read.run(call);
}

interface Right {
  readonly access: Access;
  readonly scope: PathScope | undefined;
}

/** Nothing has to be looked up: what is asked for is no more than to be told that it is none, or a role's own. */
const ANYBODY: Readonly<Right> = { access: UNRESTRICTED, scope: undefined };

function provenRight(proof: Proof, { access, scope }: Right): Right {
  return { access: proof.access(access), scope: scope && proof.scope(scope) };
}

/** What the caller may of this route: everything, nothing, or what the policies say that are going to be loaded. */
async function rightOf(
  { access }: AnyRoute,
  { caller, path }: { readonly caller: SpiffeId; readonly path: SecretPath | undefined },
  { service, scope }: { readonly service: KeyedService; readonly scope: RequestScope },
): Promise<Right | undefined> {
  const role = roleOf(caller, service.roots);
  if (role === "lite" && "lite" in access) return ANYBODY;
  if (access.on === "role") return access.role === role ? ANYBODY : undefined;
  const standing = roleAccess(role);
  if (standing === "unrestricted") return { access: UNRESTRICTED, scope: undefined };
  if (standing === "denied" || access.on === "nothing") return undefined;
  const { wanted } = access;
  const on = access.on === "path" ? path : access.on;
  if (on === undefined) return undefined;
  const report = (problem: PolicyProblem): void => reportPolicy(service, scope, problem);
  const scoped = access.on !== "path" && access.scoped === true;
  return {
    access: await policyAccess(service.ring, { caller, path: on, wanted }, report),
    scope: scoped ? await pathScope(service.ring, caller, report) : undefined,
  };
}

function reportPolicy(service: KeyedService, scope: RequestScope, { policy, reason, detail }: PolicyProblem): void {
  const line = { level: "error", event: "policy_ignored", requestId: scope.id } as const;
  service.platform.log({ ...line, reason, detail: `policy "${policy}": ${detail}` });
}

/** Visible ASCII: what any client can send in a header and any log can show. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** What a request's body says: JSON, unless it is called bytes, exactly so, and the operation takes bytes. */
async function readRequest(
  route: AnyRoute,
  request: Request,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal },
): Promise<ReadRoute | Extract<Answer, { readonly ok: false }>> {
  const { readOctets, octetFault } = route;
  const octets = readOctets !== undefined && request.headers.get("content-type") === "application/octet-stream";
  const body = await readBody(request, most, signal);
  if (!body.ok) {
    const text = octets && body.reason === "unreadable" ? octetFault : undefined;
    const code = body.reason === "too_large" ? "body_too_large" : "unreadable_body";
    return { ok: false, failure: { code }, ...(text !== undefined && { text }) };
  }
  if (octets) return readOctets(body.bytes);
  // A byte order mark stays, and so is no JSON: Go refuses it as well.
  const text = tryDecodeUtf8(body.bytes);
  const json = text === undefined ? undefined : parseJsonObject(text);
  return (json && route.read(json)) ?? { ok: false, failure: { code: "bad_request" } };
}
