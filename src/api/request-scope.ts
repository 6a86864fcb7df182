import type { Attempts } from "../store/attempts.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { World } from "./service.ts";

/** What belongs to one request and ends with it. */
export interface RequestScope extends Disposable {
  /** 32 hex digits: the trace id of a W3C `traceparent`, or a random one. */
  readonly id: string;
  readonly attempts: Attempts;
}

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Starts the clock of a request: its signals fire at the deadline and when the client hangs up. */
export function openScope(request: Request, world: World, timeoutMs: number): RequestScope {
  const deadline = new AbortController();
  const client = new AbortController();
  const timer = setTimeout(
    () => deadline.abort(new StoreUnavailable("deadline", "none", `${timeoutMs} ms`)),
    timeoutMs,
  );
  const hungUp = (): void => client.abort(new StoreUnavailable("gone", "none", "client"));
  request.signal.addEventListener("abort", hungUp);
  if (request.signal.aborted) hungUp();
  return {
    id: TRACEPARENT.exec(request.headers.get("traceparent") ?? "")?.[1] ?? hex(world.random(16)),
    attempts: {
      deadline: deadline.signal,
      client: client.signal,
      sleep: (ms, signal) => world.sleep(ms, signal),
      chance: () => world.chance(),
      now: () => world.now(),
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      request.signal.removeEventListener("abort", hungUp);
    },
  };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
