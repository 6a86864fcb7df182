import type { Mark } from "../commit/bookmark/mark.ts";
import type { Attempts } from "../store/attempts.ts";
import type { MeteredStore } from "../store/limit-requests.ts";
import type { Trail } from "./audit-line.ts";
import type { Platform } from "./platform.ts";
import type { RequestKeys } from "./read-keys.ts";
import type { Service } from "./service.ts";

/** What the middleware needs that runs even without a configured service. */
export interface BaseEnv {
  Bindings: { readonly platform: Platform };
  Variables: {
    /** Set by `requestId`. */
    requestId: string;
    /** Set by `audit`. */
    trail: Trail;
    /** Set by `deadline`. */
    store?: MeteredStore;
    /** Set once the operation is known: the JSON body of its errors. */
    errorBody?: (err: string) => object;
  };
}

/**
 * Hono's types for the app. The bindings (`c.env`) are the composed service, not the worker's raw environment: only
 * `src/runtime` reads that.
 */
export interface AppEnv {
  Bindings: Service;
  Variables: BaseEnv["Variables"] & {
    /** Set by `deadline`: the store of this request, which counts its requests. */
    store: MeteredStore;
    /** Set by `deadline`. */
    attempts: Attempts;
    /** The moment that the answer is based on, for a write or a request with the header of bookmarks. */
    mark?: Mark;
    /** Set by `rootKeys`, for POST requests. */
    keys: RequestKeys;
  };
}
