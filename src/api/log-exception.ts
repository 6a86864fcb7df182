import { PolicyOverflow } from "../policy/policy-overflow.ts";
import { toSealFault, SealError } from "../seal/seal-error.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { LogLine } from "./platform.ts";

/** A broken assumption, for the operator: what broke, never with what. */
export function logException(error: unknown): Pick<LogLine, "level" | "detail"> & { readonly reason: string } {
  if (error instanceof StoreUnavailable) {
    // A caller who hung up is no failure of ours.
    const level = error.reason === "gone" ? "info" : "error";
    return { level, reason: `store_${error.reason}`, detail: error.detail };
  }
  if (error instanceof SealError) return { level: "error", ...toSealFault(error) };
  if (error instanceof PolicyOverflow) return { level: "error", reason: "too_many_policies", detail: error.detail };
  if (!(error instanceof Error)) return { level: "error", reason: "unknown", detail: typeof error };
  return { level: "error", reason: error.name, detail: framesOf(error) };
}

/** Where it broke. The message of an unknown error may quote values, and a stack begins with the message. */
function framesOf(error: Error): string {
  const frames = (error.stack ?? "").replace(error.message, "").split("\n");
  return frames
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim())
    .join(" | ");
}
