import { authenticate } from "../../identity/caller.ts";
import { roleOf } from "../../identity/role.ts";
import { mayUseSecrets } from "../../policy/may-use-secrets.ts";
import { parseSecretPath } from "../../secret/secret-path.ts";
import { limitRequests } from "../../store/limit-requests.ts";
import { type JsonObject, parseJsonObject } from "../json-object.ts";
import { readBody } from "../read-body.ts";
import type { RequestScope } from "../request-scope.ts";
import type { Service } from "../service.ts";
import { type Answer, type Failure, refused } from "./failure.ts";
import type { AnyRoute } from "./route.ts";

/**
 * Takes a request through the checks in their order: size, JSON and shape (400, 413), identity (401), path alphabet
 * (400), permission (401), and the rest by the route itself. Nothing reaches the database before the permission; `admitted` is
 * called just before anything may.
 */
export async function serve(
  route: AnyRoute,
  request: Request,
  context: { readonly service: Service; readonly scope: RequestScope; readonly admitted: () => void },
): Promise<Answer> {
  const { service, scope, admitted } = context;
  const body = await readJson(request, service.mostBodyBytes, scope.attempts.deadline);
  if ("code" in body) return { ok: false, failure: body };
  const read = route.read(body);
  if (read === undefined) return refused("bad_request");

  const identity = await authenticate(request.headers.get("authorization"), service.trust, service.world.now());
  if (!identity.ok) return { ok: false, failure: { code: "unauthorized", reason: identity.reason } };
  const path = read.path === undefined ? undefined : parseSecretPath(read.path);
  if (read.path !== undefined && path === undefined) return refused("bad_request");
  if (!mayUseSecrets(roleOf(identity.caller, service.roots))) {
    return { ok: false, failure: { code: "unauthorized", reason: "not-permitted" } };
  }

  const idempotencyKey = request.headers.get("idempotency-key") ?? undefined;
  if (idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey)) return refused("bad_request");
  const { ring, keptVersions, world } = service;
  const room = {
    store: limitRequests(service.store),
    ring,
    keptVersions,
    attempts: scope.attempts,
    random: (length: number) => world.random(length),
  };
  admitted();
  return await read.run({ room, caller: identity.caller, traceId: scope.id, idempotencyKey, path });
}

/** Visible ASCII: what any client can send in a header and any log can show. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

async function readJson(request: Request, most: number, signal: AbortSignal): Promise<JsonObject | Failure> {
  const body = await readBody(request, most, signal);
  if (!body.ok) return { code: body.reason === "too_large" ? "body_too_large" : "unreadable_body" };
  const text = decodeUtf8(body.bytes);
  return (text === undefined ? undefined : parseJsonObject(text)) ?? { code: "bad_request" };
}

function decodeUtf8(bytes: Uint8Array<ArrayBuffer>): string | undefined {
  try {
    // The byte order mark stays, and so is no JSON: Go refuses it as well.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
