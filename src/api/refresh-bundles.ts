import type { TrustDomain } from "../identity/spiffe-id.ts";
import { UNRESTRICTED } from "../store/access.ts";
import { refreshDueBundles, type ScheduledRefresh } from "../trust/refresh-due.ts";
import { limitRequests } from "../store/limit-requests.ts";
import type { BundleProblem, TrustDeps } from "../trust/deps.ts";
import { keyed } from "./keyed.ts";
import type { LogLine } from "./log.ts";
import { logException } from "./log-exception.ts";
import { reportBundle } from "./report-bundle.ts";
import { newTraceId } from "./request-id.ts";
import { openWork } from "./request-scope.ts";
import type { Service } from "./service.ts";

/** How far apart the looks are, in milliseconds: the cron in wrangler.toml says the same, and a test compares them. */
export const EVERY_MS = 300_000;

/** Well before the next look, however many endpoints do not answer. */
const TIMEOUT_MS = 120_000;

/** Refreshes the stored bundles that are due, on nobody's behalf, and tells the operator what came of it. Never rejects. */
export async function refreshBundles(service: Service, at: number): Promise<void> {
  const id = newTraceId(service.platform);
  using scope = openWork(service, { id, signal: new AbortController().signal, timeoutMs: TIMEOUT_MS });
  const { log } = service.platform;
  const ready = await keyed(service, id);
  if (ready === undefined) return;
  const depsOf = (): TrustDeps => ({
    // Each has the requests of one invocation to itself: whoever changes often must not use up those of the others.
    store: limitRequests(service.store, () => service.platform.now()),
    ring: ready.ring,
    attempts: scope.attempts,
    randomBytes: (length: number) => service.platform.randomBytes(length),
    access: UNRESTRICTED,
    isStatic: (trustDomain: TrustDomain) => service.trust.isStatic(trustDomain),
    reportBundle: (problem: BundleProblem) => reportBundle(service, scope, problem),
  });
  try {
    await refreshDueBundles(depsOf, { at, every: EVERY_MS, traceId: id, fetch: service.fetch }, (refresh) => {
      const line = lineOf(refresh);
      if (line !== undefined) log({ requestId: id, ...line });
    });
  } catch (error) {
    log({ event: "bundle_refresh_failed", requestId: id, ...logException(error) });
  }
}

/** Nothing where there is nothing to say. */
function lineOf({ trustDomain, outcome, detail, error }: ScheduledRefresh): LogLine | undefined {
  const what = `bundle of "${trustDomain}"`;
  if (outcome === "unchanged") return undefined;
  if (outcome === "changed") return { level: "info", event: "bundle_refreshed", detail: what };
  const failed = "bundle_refresh_failed";
  if (outcome !== "exception") return { level: "warn", event: failed, reason: outcome, detail: detail ?? what };
  const line = logException(error);
  return { ...line, event: failed, detail: `${what}: ${line.detail}` };
}
