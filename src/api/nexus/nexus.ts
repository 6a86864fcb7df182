import { type Context, Hono } from "hono";
import { requestIdOf } from "../request-id.ts";
import { openScope, type RequestScope } from "../request-scope.ts";
import { respond, retryAfter } from "../respond.ts";
import type { Service } from "../service.ts";
import type { Answer } from "./failure.ts";
import type { AnyRoute } from "./route.ts";
import { remove } from "./secret/delete.ts";
import { get } from "./secret/get.ts";
import { list } from "./secret/list.ts";
import { metadata } from "./secret/metadata.ts";
import { put } from "./secret/put.ts";
import { undelete } from "./secret/undelete.ts";
import { serve } from "./serve.ts";
import { logException, wireException, wireFailure } from "./wire.ts";

/** By path, then by `?action=`: SPIKE selects the operation there, and every operation is a POST (its ADR-0012). */
const ROUTES: Readonly<Record<string, Readonly<Record<string, AnyRoute>>>> = {
  "/v1/store/secrets": { "": put, get, delete: remove, undelete, list },
  "/v1/store/secrets/metadata": { get: metadata },
};

/** SPIKE's own wire protocol. Whatever is not one of its operations is one and the same 400. */
export function nexus(service: Service): Hono {
  const door = new Hono();
  door.all("*", async (context) => {
    const request = context.req.raw;
    const route = routeOf(request);
    if (route === undefined) return respond(400, { err: "api_bad_request" }, requestIdOf(request, service.world));
    const work: Promise<Response> = answer(route, request, {
      service,
      admitted: () => {
        if (route.writes) keepAlive(context, work);
      },
    });
    return await work;
  });
  return door;
}

/** A write goes on to its end although its caller may be gone: Workers would stop it in the middle. */
function keepAlive(context: Context, work: Promise<unknown>): void {
  let execution;
  try {
    execution = context.executionCtx;
  } catch {
    // Outside of Workers there is none, and a handler runs to its end anyway.
    return;
  }
  execution.waitUntil(work);
}

function routeOf(request: Request): AnyRoute | undefined {
  // The path as sent, not as a router decodes it: one spelling, one operation.
  const { pathname, searchParams } = new URL(request.url);
  const actions = searchParams.getAll("action");
  if (request.method !== "POST" || actions.length > 1 || !Object.hasOwn(ROUTES, pathname)) return undefined;
  const [action = ""] = actions;
  const operations = ROUTES[pathname];
  return operations !== undefined && Object.hasOwn(operations, action) ? operations[action] : undefined;
}

async function answer(
  route: AnyRoute,
  request: Request,
  { service, admitted }: { readonly service: Service; readonly admitted: () => void },
): Promise<Response> {
  using scope = openScope(request, service.world, service.requestTimeoutMs);
  try {
    return succeedOrRefuse(route, await serve(route, request, { service, scope, admitted }), { service, scope });
  } catch (error) {
    service.world.log({ event: "request_failed", requestId: scope.id, ...logException(error) });
    const { status, err } = wireException(error);
    const response = respond(status, route.errorBody(err), scope.id);
    return status === 503 ? retryAfter(response, service.world.chance()) : response;
  }
}

function succeedOrRefuse(
  route: AnyRoute,
  result: Answer,
  { service, scope }: { readonly service: Service; readonly scope: RequestScope },
): Response {
  if (result.ok) return respond(200, result.body, scope.id);
  const { failure } = result;
  if (failure.code === "unauthorized") {
    service.world.log({ level: "info", event: "request_denied", requestId: scope.id, reason: failure.reason });
  }
  const { status, err } = wireFailure(failure);
  // The one error of the protocol with a shape of its own (SPIKE SDK, net/body.go).
  const body =
    failure.code === "unreadable_body"
      ? { Code: err, Msg: "failed to read request body", Wrapped: null }
      : route.errorBody(err);
  return respond(status, body, scope.id);
}
