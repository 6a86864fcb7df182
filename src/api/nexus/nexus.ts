import { type Context, Hono } from "hono";
import { openScope, type RequestScope } from "../request-scope.ts";
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
    if (route === undefined) return respond(400, { err: "api_bad_request" }, openId(request, service));
    const work = answer(route, request, service);
    if (route.writes) keepAlive(context, work);
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

async function answer(route: AnyRoute, request: Request, service: Service): Promise<Response> {
  using scope = openScope(request, service.world, service.requestTimeoutMs);
  try {
    return succeedOrRefuse(route, await serve(route, request, { service, scope }), { service, scope });
  } catch (error) {
    service.world.log({ level: "error", event: "request_failed", requestId: scope.id, ...logException(error) });
    const { status, err } = wireException(error);
    const response = respond(status, route.errorBody(err), scope.id);
    // Seconds, spread out: those who were turned away together must not come back together.
    if (status === 503) response.headers.set("Retry-After", String(1 + Math.floor(service.world.chance() * 4)));
    return response;
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

function openId(request: Request, service: Service): string {
  using scope = openScope(request, service.world, service.requestTimeoutMs);
  return scope.id;
}

function respond(status: number, body: string | object, requestId: string): Response {
  return new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: {
      "Content-Type": "application/json",
      "Cache-Control": "no-store, no-cache, must-revalidate, private",
      Pragma: "no-cache",
      Expires: "0",
      "X-Request-Id": requestId,
    },
  });
}
