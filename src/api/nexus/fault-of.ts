import type { Fault } from "../../json/fault.ts";
import { MAX_NAMES } from "../../secret/list-walk.ts";
import type { Failure } from "./failure.ts";

/** The rule that a refused request breaks. Undefined if the code of the failure is enough. */
export function faultOf(failure: Failure): Fault | undefined {
  switch (failure.code) {
    case "bad_request":
    case "invalid_policy":
    case "invalid_bundle":
    case "endpoint_failed":
    case "store_not_recoverable":
    case "beyond_too_low":
    case "ciphertext_too_large":
      return failure.fault;
    case "unreadable_body":
      return { member: "body", rule: "must arrive completely: it broke off" };
    case "body_too_slow":
      return { member: "body", rule: "must arrive within the time of a request" };
    case "body_too_large":
      return { member: "body", rule: `must have at most ${failure.maxBytes} bytes`, limit: failure.maxBytes };
    case "unsupported_encoding":
      return { member: "Content-Encoding", rule: "must be absent or identity: bodies are read as they are sent" };
    case "not_decrypted":
      return {
        member: "ciphertext",
        rule: "must be an unaltered result of encrypt, under a key that the service still has",
      };
    case "too_many_names":
      return {
        member: "limit",
        rule: `is required: the list has more than ${MAX_NAMES} names, needs too much work, or changes too often`,
        limit: MAX_NAMES,
      };
    default:
      return undefined;
  }
}
