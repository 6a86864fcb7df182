import type { Context } from "hono";
import { addressOf, countRequest, RateLimited } from "./rate-limit.ts";
import { openScope, type RequestScope } from "./request-scope.ts";
import type { Service } from "./service.ts";
import { tooMany } from "./too-many.ts";

/**
 * Answers a request and writes its audit line, whatever `handle` makes of it; `handle` answers and does not throw.
 *
 * Too many requests from one address are turned away before anything of them is looked at, unless it is not `counted`.
 *
 * On Workers both go on to their end although the caller may be gone: a commit must not be stopped in the middle, and a
 * request that was stopped must not be missing from the audit. Loads stop by themselves then.
 */
export async function audited(
  context: Context,
  service: Service,
  handle: (scope: RequestScope) => Promise<Response>,
  { counted = true } = {},
): Promise<Response> {
  const work = answer(context.req.raw, service, { handle, counted });
  keepAlive(context, work);
  return await work;
}

async function answer(
  request: Request,
  service: Service,
  { handle, counted }: { readonly handle: (scope: RequestScope) => Promise<Response>; readonly counted: boolean },
): Promise<Response> {
  using scope = openScope(request, service);
  const began = service.platform.now();
  const response = await answerUnlessTooMany(request, { service, scope, handle, counted });
  const { id, store, trail } = scope;
  service.platform.audit({
    traceId: id,
    ...trail,
    status: response.status,
    durationMs: service.platform.now() - began,
    roundTrips: store.requests,
    databaseMs: store.waitedMs,
  });
  // Only those who may learn how the store fares, and never with a 401, which tells nothing of its reasons.
  if (trail.spiffeId !== undefined && response.status !== 401) {
    const trips = store.requests === 1 ? "1 round trip" : `${store.requests} round trips`;
    response.headers.set("Server-Timing", `db;dur=${store.waitedMs};desc="${trips}"`);
  }
  return response;
}

async function answerUnlessTooMany(
  request: Request,
  at: {
    readonly service: Service;
    readonly scope: RequestScope;
    readonly handle: (scope: RequestScope) => Promise<Response>;
    readonly counted: boolean;
  },
): Promise<Response> {
  const { service, scope, handle, counted } = at;
  const { log } = service.platform;
  try {
    if (counted) await countRequest(service.rateLimits.byAddress, addressOf(request), { log, requestId: scope.id });
  } catch (error) {
    if (error instanceof RateLimited) return tooMany(scope, service);
    throw error;
  }
  return await handle(scope);
}

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
