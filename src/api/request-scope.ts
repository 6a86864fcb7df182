import type { Attempts } from "../store/attempts.ts";
import { limitRequests, type MeteredStore } from "../store/limit-requests.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { Trail } from "./audit-line.ts";
import { requestIdOf } from "./request-id.ts";
import type { Service } from "./service.ts";

/** What belongs to one request and ends with it. */
export interface RequestScope extends Disposable {
  /** See {@link requestIdOf}. */
  readonly id: string;
  readonly attempts: Attempts;
  readonly store: MeteredStore;
  /** Filled in on the way, and told to the audit at the end. */
  readonly trail: Trail;
}

/** Starts the clock of a request: its signals fire at the deadline and when the client hangs up. */
export function openScope(request: Request, service: Service): RequestScope {
  const { platform, requestTimeoutMs } = service;
  return openWork(service, {
    id: requestIdOf(request, platform),
    signal: request.signal,
    timeoutMs: requestTimeoutMs,
  });
}

/** The same for work of `timeoutMs` at most that `signal` stops. */
export function openWork(
  service: Service,
  work: { readonly id: string; readonly signal: AbortSignal; readonly timeoutMs: number },
): RequestScope {
  const { platform } = service;
  const { id, signal, timeoutMs } = work;
  const deadline = new AbortController();
  const client = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new StoreUnavailable("deadline", "none", `${timeoutMs} ms`)),
    timeoutMs,
  );
  const hungUp = (): void => client.abort(new StoreUnavailable("gone", "none", "client"));
  signal.addEventListener("abort", hungUp);
  if (signal.aborted) hungUp();
  return {
    id,
    attempts: {
      deadline: deadline.signal,
      client: client.signal,
      sleep: (ms, signal) => platform.sleep(ms, signal),
      random: () => platform.random(),
      now: () => platform.now(),
    },
    store: limitRequests(service.store, () => platform.now()),
    trail: { action: "none", outcome: "ok" },
    [Symbol.dispose]() {
      clearTimeout(timer);
      signal.removeEventListener("abort", hungUp);
    },
  };
}
