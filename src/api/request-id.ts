import { bytesToHex } from "@noble/curves/utils.js";
import type { Platform } from "./service.ts";

const TRACEPARENT = /^[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** 32 hex digits: the trace id of a `traceparent` header (W3C Trace Context, section 3.2), or random ones. */
export function requestIdOf(request: Request, platform: Pick<Platform, "randomBytes">): string {
  return TRACEPARENT.exec(request.headers.get("traceparent") ?? "")?.[1] ?? newTraceId(platform);
}

/** A random one, for work that no request asks for. */
export function newTraceId(platform: Pick<Platform, "randomBytes">): string {
  return bytesToHex(platform.randomBytes(16));
}
