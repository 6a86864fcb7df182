import type { Context } from "hono";
import type { AppEnv } from "../app-env.ts";
import { respond, respondOctets, respondText } from "../respond.ts";
import { isAvailable } from "./availability.ts";
import type { Answer, Failure } from "./failure.ts";
import { findOperation } from "./find-operation.ts";
import type { Operation } from "./operation.ts";
import { runOperation } from "./run-operation.ts";
import { wireFailure } from "./wire-error.ts";

/** The handler of one path: runs the operation that `?action=` names. */
export function handleAction(
  actions: Readonly<Record<string, Operation>>,
): (c: Context<AppEnv>) => Response | Promise<Response> {
  return async (c) => {
    const operation = findOperation(actions, c.req.url);
    if (operation === undefined || !isAvailable(operation, c.env.backend)) return await c.notFound();
    c.get("trail").action = operation.action;
    c.set("errorBody", operation.errorBody);
    const answer = await runOperation(operation, c);
    return answer.ok ? succeed(answer.body, c) : refuse(answer, operation, c);
  };
}

function succeed(body: string | Uint8Array<ArrayBuffer>, c: Context<AppEnv>): Response {
  delete c.get("trail").reason;
  const requestId = c.get("requestId");
  return typeof body === "string" ? respond(200, body, requestId) : respondOctets(body, requestId);
}

function refuse(
  { failure, text }: Extract<Answer, { readonly ok: false }>,
  operation: Operation,
  c: Context<AppEnv>,
): Response {
  const requestId = c.get("requestId");
  auditFailure(failure, c);
  logDetail(failure, c);
  const { status, err } = wireFailure(failure);
  if (text !== undefined) return respondText(status, text, requestId);
  // The one error of the protocol with a shape of its own (SPIKE SDK, net/body.go).
  const body =
    failure.code === "unreadable_body"
      ? { Code: err, Msg: "failed to read request body", Wrapped: null }
      : operation.errorBody(err);
  return respond(status, body, requestId);
}

function auditFailure(failure: Failure, c: Context<AppEnv>): void {
  const trail = c.get("trail");
  // A caller whose claimed identity was not proved is unauthorized: no policy was looked at.
  const isUnproved = failure.code === "denied" && trail.spiffeId === undefined;
  trail.outcome = isUnproved ? "unauthorized" : failure.code;
  if (failure.code === "unauthorized") trail.reason = failure.reason;
}

/** Tells the operator more about a refusal than the caller gets to know. */
function logDetail(failure: Failure, c: Context<AppEnv>): void {
  const { log } = c.env.platform;
  const requestId = c.get("requestId");
  switch (failure.code) {
    case "invalid_policy":
      return log({ level: "warn", event: "policy_refused", requestId, detail: failure.detail });
    case "invalid_bundle":
    case "endpoint_failed":
      return log({ level: "warn", event: "bundle_refused", requestId, detail: failure.detail });
    default:
  }
}
