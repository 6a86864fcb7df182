import { StoreUnavailable } from "../../store-unavailable.ts";

/** An answer that this code can't have caused. Its reader replaces the outcome by what is known of the request. */
export function malformed(detail: string): StoreUnavailable {
  return new StoreUnavailable("malformed", "unknown", detail);
}
