import { BookmarkRefused } from "../commit/bookmark/bookmark-refused.ts";
import { PolicyOverflow } from "../policy/policy-overflow.ts";
import { toSealFault, SealError } from "../seal/seal-error.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { LogLine } from "./platform.ts";

/** Describes a thrown error for the operator: its place and its kind, never the data. */
export function logException(error: unknown): Pick<LogLine, "level" | "detail"> & { readonly reason: string } {
  if (error instanceof StoreUnavailable) {
    // A caller that hung up is not a failure of the service.
    const level = error.reason === "gone" ? "info" : "error";
    return { level, reason: `store_${error.reason}`, detail: error.detail };
  }
  if (error instanceof BookmarkRefused) {
    return { level: error.isAlarm ? "error" : "info", reason: error.reason, detail: error.detail };
  }
  if (error instanceof SealError) return { level: "error", ...toSealFault(error) };
  if (error instanceof PolicyOverflow) return { level: "error", reason: error.reason, detail: error.detail };
  if (!(error instanceof Error)) return { level: "error", reason: "unknown", detail: typeof error };
  return { level: "error", reason: error.name, detail: framesOf(error) };
}

/** The stack without the message, which may quote values. A stack begins with the message. */
function framesOf(error: Error): string {
  const frames = (error.stack ?? "").replace(error.message, "").split("\n");
  return frames
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join(" | ");
}
