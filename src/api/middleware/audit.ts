import type { Context, Next } from "hono";
import type { Usage } from "../../store/limit-requests.ts";
import { createMiddleware } from "hono/factory";
import { answerException } from "../answer-exception.ts";
import type { BaseEnv } from "../app-env.ts";
import type { Trail } from "../audit-line.ts";
import { clientAddress } from "../client-address.ts";

/**
 * Writes the audit line of the request, whatever its outcome.
 *
 * On Workers the request is processed to its end even if the client hangs up: a commit must not be stopped halfway, and a
 * client must not be able to suppress an audit line. Loads stop on their own in that case.
 */
export const audit = createMiddleware<BaseEnv>(async (c, next) => {
  const answer = answerAndAudit(c, next);
  waitUntil(c, answer);
  await answer;
});

async function answerAndAudit(c: Context<BaseEnv>, next: Next): Promise<Response> {
  const { platform } = c.env;
  const trail: Trail = { action: "none", outcome: "ok" };
  c.set("trail", trail);
  const startedAt = platform.now();
  try {
    await next();
  } catch (thrown) {
    // Hono passes only instances of Error to `app.onError`, and rethrows everything else.
    c.res = answerException(thrown, c);
  }
  const { requests = 0, waitedMs = 0, ofReplica = { requests: 0, waitedMs: 0 } } = c.get("store") ?? {};
  const address = clientAddress(c.req.raw);
  platform.audit({
    traceId: c.get("requestId"),
    ...(address !== undefined && { address }),
    ...trail,
    status: c.res.status,
    durationMs: platform.now() - startedAt,
    roundTrips: requests,
    databaseMs: waitedMs,
  });
  // Only for proved callers, and never with a 401, which must not reveal what it depended on.
  if (trail.spiffeId !== undefined && c.res.status !== 401) {
    const ofPrimary = { requests: requests - ofReplica.requests, waitedMs: waitedMs - ofReplica.waitedMs };
    const parts = ofReplica.requests === 0 ? [] : [timingOf("primary", ofPrimary), timingOf("replica", ofReplica)];
    c.res.headers.set("Server-Timing", [timingOf("db", { requests, waitedMs }), ...parts].flat().join(", "));
  }
  return c.res;
}

/** One metric of `Server-Timing`, if there were any round trips, or for the total. */
function timingOf(name: "db" | "primary" | "replica", { requests, waitedMs }: Usage): readonly string[] {
  if (requests === 0 && name !== "db") return [];
  return [`${name};dur=${waitedMs};desc="${requests === 1 ? "1 round trip" : `${requests} round trips`}"`];
}

function waitUntil(c: Context<BaseEnv>, work: Promise<unknown>): void {
  let execution;
  try {
    execution = c.executionCtx;
  } catch {
    // Only Workers have an execution context. Other runtimes run a handler to its end anyway.
    return;
  }
  execution.waitUntil(work);
}
