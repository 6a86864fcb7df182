import { Hono } from "hono";
import { audited } from "../audited.ts";
import { logException } from "../log-exception.ts";
import type { RequestScope } from "../request-scope.ts";
import { RateLimited } from "../rate-limit.ts";
import { respond, respondOctets, respondText, retryAfter } from "../respond.ts";
import { keyed } from "../keyed.ts";
import type { KeyedService, Service } from "../service.ts";
import { tooMany } from "../too-many.ts";
import type { Answer, Failure } from "./failure.ts";
import type { AnyRoute } from "./route.ts";
import { routeOf } from "./route-of.ts";
import { isServed } from "./served.ts";
import { serve } from "./serve.ts";
import { wireException, wireFailure } from "./wire.ts";

/** SPIKE's own wire protocol. Whatever is not one of its operations is one and the same 400. */
export function nexus(service: Service): Hono {
  const door = new Hono();
  door.all("*", async (context) => {
    const request = context.req.raw;
    const named = routeOf(request);
    const route = named !== undefined && isServed(named, service.backend) ? named : undefined;
    return await audited(context, service, async (scope) => {
      // As upstream, before anything is looked at; what is no POST is none of its requests.
      const ready = request.method === "POST" ? await keyed(service, scope.id) : undefined;
      if (request.method === "POST" && ready === undefined) return unready({ service, scope });
      if (route !== undefined && ready !== undefined) return await answer(route, request, { service: ready, scope });
      scope.trail.outcome = "no_such_operation";
      return respond(400, { err: "api_bad_request" }, scope.id);
    });
  });
  return door;
}

interface At {
  readonly service: KeyedService;
  readonly scope: RequestScope;
}

/** There is no key, so nothing can be done. Upstream says so until its root key is restored. */
function unready({ service, scope }: { readonly service: Service; readonly scope: RequestScope }): Response {
  scope.trail.outcome = "not_configured";
  return retryAfter(respond(503, { err: "state_not_ready" }, scope.id), service.platform.random());
}

async function answer(route: AnyRoute, request: Request, at: At): Promise<Response> {
  const { service, scope } = at;
  scope.trail.action = route.action;
  try {
    return succeedOrRefuse(route, await serve(route, request, at), at);
  } catch (error) {
    if (error instanceof RateLimited) return tooMany(scope, service);
    const line = logException(error);
    scope.trail.outcome = line.reason;
    service.platform.log({ event: "request_failed", requestId: scope.id, ...line });
    const { status, err } = wireException(error);
    const response = respond(status, route.errorBody(err), scope.id);
    return status === 503 ? retryAfter(response, service.platform.random()) : response;
  }
}

/** What the operator's log calls a refusal that says more than the caller is told. */
function eventOf({ code }: Failure): string | undefined {
  switch (code) {
    case "invalid_policy":
      return "policy_refused";
    case "invalid_bundle":
    case "endpoint_failed":
      return "bundle_refused";
    default:
      return undefined;
  }
}

function succeedOrRefuse(route: AnyRoute, result: Answer, { service, scope }: At): Response {
  if (result.ok) {
    delete scope.trail.reason;
    return typeof result.body === "string" ? respond(200, result.body, scope.id) : respondOctets(result.body, scope.id);
  }
  const { failure } = result;
  // Whose claim was not proved was refused as a stranger, not for want of a policy.
  const stranger = failure.code === "denied" && scope.trail.spiffeId === undefined;
  scope.trail.outcome = stranger ? "unauthorized" : failure.code;
  if (failure.code === "unauthorized") scope.trail.reason = failure.reason;
  const event = eventOf(failure);
  if (event !== undefined && "detail" in failure) {
    service.platform.log({ level: "warn", event, requestId: scope.id, detail: failure.detail });
  }
  const { status, err } = wireFailure(failure);
  if (result.text !== undefined) return respondText(status, result.text, scope.id);
  // The one error of the protocol with a shape of its own (SPIKE SDK, net/body.go).
  const body =
    failure.code === "unreadable_body"
      ? { Code: err, Msg: "failed to read request body", Wrapped: null }
      : route.errorBody(err);
  return respond(status, body, scope.id);
}
