import type { Context } from "hono";
import { type Fault, faultText } from "../json/fault.ts";
import type { AppEnv, BaseEnv } from "./app-env.ts";
import { proveByConfiguration } from "./nexus/identify-caller.ts";
import { respond } from "./respond.ts";

/** Answers a request that is not an operation: 400 as in SPIKE, not 404. Only a proved identity gets the reason. */
export async function refuseTarget(c: Context<AppEnv>, fault: Fault): Promise<Response> {
  await proveByConfiguration(c);
  const isProved = c.get("trail").spiffeId !== undefined;
  return refuse(c, fault, isProved ? { reason: fault } : {});
}

/** Answers a request whose path no route has. */
export async function refuseUnknownTarget(c: Context<AppEnv>): Promise<Response> {
  // Nobody is identified for another method: no operation has one.
  if (c.req.method !== "POST") return refuse(c, NO_METHOD);
  return await refuseTarget(c, NO_PATH);
}

/** {@link refuseUnknownTarget} for a service that cannot identify anybody. */
export function refuseUnexplained(c: Context<BaseEnv>): Response {
  return refuse(c, c.req.method === "POST" ? NO_PATH : NO_METHOD);
}

const NO_PATH: Fault = { member: "target", rule: "must be the path of an operation, byte for byte" };
const NO_METHOD: Fault = { member: "method", rule: "must be POST for operations, and GET for /healthz and /readyz" };

function refuse<E extends BaseEnv>(c: Context<E>, fault: Fault, members = {}): Response {
  const trail = c.get("trail");
  trail.outcome = "no_such_operation";
  trail.reason = faultText(fault);
  return respond(400, { err: "api_bad_request", ...members }, c.get("requestId"));
}
