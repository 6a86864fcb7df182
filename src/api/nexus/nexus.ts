import { Hono } from "hono";
import { audited } from "../audited.ts";
import { logException } from "../log-exception.ts";
import type { RequestScope } from "../request-scope.ts";
import { respond, retryAfter } from "../respond.ts";
import type { Service } from "../service.ts";
import type { Answer } from "./failure.ts";
import type { AnyRoute } from "./route.ts";
import { ROUTES } from "./routes.ts";
import { serve } from "./serve.ts";
import { wireException, wireFailure } from "./wire.ts";

/** SPIKE's own wire protocol. Whatever is not one of its operations is one and the same 400. */
export function nexus(service: Service): Hono {
  const door = new Hono();
  door.all("*", async (context) => {
    const request = context.req.raw;
    const route = routeOf(request);
    return await audited(context, service, async (scope) => {
      if (route !== undefined) return await answer(route, request, { service, scope });
      scope.trail.outcome = "no_such_operation";
      return respond(400, { err: "api_bad_request" }, scope.id);
    });
  });
  return door;
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

interface At {
  readonly service: Service;
  readonly scope: RequestScope;
}

async function answer(route: AnyRoute, request: Request, at: At): Promise<Response> {
  const { service, scope } = at;
  scope.trail.action = route.action;
  try {
    return succeedOrRefuse(route, await serve(route, request, at), at);
  } catch (error) {
    const line = logException(error);
    scope.trail.outcome = line.reason;
    service.world.log({ event: "request_failed", requestId: scope.id, ...line });
    const { status, err } = wireException(error);
    const response = respond(status, route.errorBody(err), scope.id);
    return status === 503 ? retryAfter(response, service.world.chance()) : response;
  }
}

function succeedOrRefuse(route: AnyRoute, result: Answer, { service, scope }: At): Response {
  if (result.ok) return respond(200, result.body, scope.id);
  const { failure } = result;
  scope.trail.outcome = failure.code;
  if (failure.code === "unauthorized") scope.trail.reason = failure.reason;
  if (failure.code === "invalid_policy") {
    service.world.log({ level: "warn", event: "policy_refused", requestId: scope.id, detail: failure.detail });
  }
  const { status, err } = wireFailure(failure);
  // The one error of the protocol with a shape of its own (SPIKE SDK, net/body.go).
  const body =
    failure.code === "unreadable_body"
      ? { Code: err, Msg: "failed to read request body", Wrapped: null }
      : route.errorBody(err);
  return respond(status, body, scope.id);
}
