import type { Context } from "hono";
import { formatBookmark } from "../../commit/bookmark/bookmark.ts";
import { type Fault, faultText } from "../../json/fault.ts";
import type { AppEnv } from "../app-env.ts";
import { refuseTarget } from "../refuse-target.ts";
import { respond, respondOctets, respondText } from "../respond.ts";
import { isAvailable } from "./availability.ts";
import type { Answer, Failure } from "./failure.ts";
import { faultOf } from "./fault-of.ts";
import { findOperation } from "./find-operation.ts";
import type { Operation } from "./operation.ts";
import { BOOKMARK_HEADER } from "./read-bookmarks.ts";
import { runOperation } from "./run-operation.ts";
import { wireFailure } from "./wire-error.ts";

/** The handler of one path: runs the operation that `?action=` names. */
export function handleAction(
  actions: Readonly<Record<string, Operation>>,
): (c: Context<AppEnv>) => Response | Promise<Response> {
  return async (c) => {
    const { backend } = c.env;
    const operation = findOperation(actions, c.req.url);
    if (operation === undefined) return await refuseTarget(c, { member: "query", rule: queryRule(actions) });
    if (!isAvailable(operation, backend)) {
      const rule = `must be an operation that exists with SPIKE_NEXUS_BACKEND_STORE=${backend}`;
      return await refuseTarget(c, { member: "target", rule });
    }
    c.get("trail").action = operation.action;
    c.set("errorBody", operation.errorBody);
    const answer = await runOperation(operation, c);
    return await withBookmark(answer.ok ? succeed(answer, c) : refuse(answer, operation, c), c);
  };
}

/** Adds the bookmark of the moment that the answer is based on. Never to a 401, which must not reveal what it depended on. */
async function withBookmark(response: Response, c: Context<AppEnv>): Promise<Response> {
  const mark = c.get("mark");
  if (mark !== undefined && response.status !== 401) {
    response.headers.set(BOOKMARK_HEADER, await formatBookmark(c.get("keys").ring, mark));
  }
  return response;
}

function queryRule(actions: Readonly<Record<string, Operation>>): string {
  const names = Object.keys(actions).filter((name) => name !== "");
  const absent = Object.hasOwn(actions, "") ? "absent" : undefined;
  const present = names.length === 0 ? undefined : `?action= and one of ${names.join(", ")}`;
  return `must be ${[absent, present].filter((rule) => rule !== undefined).join(", or ")}`;
}

function succeed({ body, warnings, versions }: Extract<Answer, { readonly ok: true }>, c: Context<AppEnv>): Response {
  const trail = c.get("trail");
  delete trail.reason;
  if (versions !== undefined) trail.versions = versions;
  const requestId = c.get("requestId");
  if (typeof body !== "string") return respondOctets(body, requestId);
  if (warnings === undefined) return respond(200, body, requestId);
  const member = `"warnings":${JSON.stringify(warnings)}}`;
  return respond(200, body === "{}" ? `{${member}` : `${body.slice(0, -1)},${member}`, requestId);
}

function refuse(
  { failure, text }: Extract<Answer, { readonly ok: false }>,
  operation: Operation,
  c: Context<AppEnv>,
): Response {
  const requestId = c.get("requestId");
  const fault = faultOf(failure);
  auditFailure(failure, fault, c);
  const { status, err } = wireFailure(failure);
  if (text !== undefined) return respondText(status, text, requestId);
  // The one error of the protocol with a shape of its own (SPIKE SDK, net/body.go).
  const body =
    failure.code === "unreadable_body"
      ? { Code: err, Msg: "failed to read request body", Wrapped: null }
      : operation.errorBody(err);
  // Only a proved identity gets the reason. SPIKE's clients ignore the member.
  const isExplained = fault !== undefined && c.get("trail").spiffeId !== undefined;
  return respond(status, isExplained ? { ...body, reason: fault } : body, requestId);
}

function auditFailure(failure: Failure, fault: Fault | undefined, c: Context<AppEnv>): void {
  const trail = c.get("trail");
  // A caller whose claimed identity was not proved is unauthorized: no policy was looked at.
  const isUnproved = failure.code === "denied" && trail.spiffeId === undefined;
  trail.outcome = isUnproved ? "unauthorized" : failure.code;
  if (failure.code === "unauthorized") trail.reason = failure.reason;
  else if (fault !== undefined) trail.reason = faultText(fault);
}
