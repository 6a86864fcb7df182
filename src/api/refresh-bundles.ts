import { UNRESTRICTED } from "../store/access.ts";
import { limitRequests } from "../store/limit-requests.ts";
import type { TrustDeps } from "../trust/deps.ts";
import { refreshDueBundles, type ScheduledRefresh } from "../trust/refresh-due.ts";
import { startDeadline } from "./start-deadline.ts";
import { logException } from "./log-exception.ts";
import type { LogLine } from "./platform.ts";
import { readKeys } from "./read-keys.ts";
import { reportBundle } from "./report-problems.ts";
import type { Service } from "./service.ts";
import { createTraceId } from "./trace-id.ts";
import { watchedStore } from "./watched-store.ts";

/** Interval of the scheduled refreshes, in milliseconds. wrangler.toml has the same interval, and a test compares them. */
export const EVERY_MS = 300_000;

/** Well before the next refresh, however many endpoints do not answer. */
const TIMEOUT_MS = 120_000;

/** Refreshes the stored bundles that are due, and logs the results for the operator. Never rejects. */
export async function refreshBundles(service: Service, at: number): Promise<void> {
  const { platform, fetch } = service;
  const id = createTraceId(platform);
  using deadline = startDeadline(platform, TIMEOUT_MS);
  const keys = await readKeys(service, { signal: deadline.attempts.deadline, requestId: id });
  if (keys === undefined) return;
  const store = watchedStore(service, id);
  const deps = (): TrustDeps => ({
    // Each bundle has a request budget of its own: one that often loses races must not use up the budget of the others.
    store: limitRequests(store, () => platform.now()),
    ring: keys.ring,
    attempts: deadline.attempts,
    randomBytes: (length) => platform.randomBytes(length),
    access: UNRESTRICTED,
    isStatic: (trustDomain) => service.trust.isStatic(trustDomain),
    reportBundle: reportBundle(platform.log, id),
  });
  try {
    await refreshDueBundles(deps, { at, every: EVERY_MS, traceId: id, fetch }, (refresh) => {
      const line = lineOf(refresh);
      if (line !== undefined) platform.log({ requestId: id, ...line });
    });
  } catch (error) {
    platform.log({ event: "bundle_refresh_failed", requestId: id, ...logException(error) });
  }
}

/** The log line about one bundle; undefined if nothing changed. */
function lineOf({ trustDomain, outcome, detail, error }: ScheduledRefresh): LogLine | undefined {
  const subject = `bundle of "${trustDomain}"`;
  const failed = "bundle_refresh_failed";
  switch (outcome) {
    case "unchanged":
      return undefined;
    case "changed":
      return { level: "info", event: "bundle_refreshed", detail: subject };
    case "exception": {
      const line = logException(error);
      return { ...line, event: failed, detail: `${subject}: ${line.detail}` };
    }
    default:
      return {
        level: "warn",
        event: failed,
        reason: outcome,
        detail: detail === undefined ? subject : `${subject}: ${detail}`,
      };
  }
}
