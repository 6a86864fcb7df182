import { bytesToHex } from "@noble/curves/utils.js";
import type { Platform } from "./platform.ts";

/**
 * Fields behind the flags belong to versions above 00, and start with a dash. Version ff and zero ids are invalid. A comma
 * separates the values of several headers.
 */
const TRACEPARENT = /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[^,]*)?$/;

/**
 * The trace id of the `traceparent` header (W3C Trace Context, section 3.2.2): 32 hex digits. Random if there is not exactly
 * one valid header.
 */
export function traceIdOf(request: Request, platform: Pick<Platform, "randomBytes">): string {
  return TRACEPARENT.exec(request.headers.get("traceparent") ?? "")?.[1] ?? createTraceId(platform);
}

/** A random trace id. */
export function createTraceId(platform: Pick<Platform, "randomBytes">): string {
  return bytesToHex(platform.randomBytes(16));
}
