import type { Platform } from "./platform.ts";

/** A counter of the platform (Workers: rate limiting binding). Each of the platform's locations counts separately. */
export interface RateLimiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** The configured counters. */
export interface RateLimits {
  /** By client address. Counts every request except `/healthz`, before anything else of it is read. */
  readonly byAddress: RateLimiter | undefined;
  /** By SPIFFE ID, once it is proved. Otherwise anyone could use up another identity's limit by claiming its ID. */
  readonly byIdentity: RateLimiter | undefined;
}

/** The caller exceeded a rate limit. */
export class RateLimited extends Error {
  override readonly name = "RateLimited";
}

/** The longest wait for a counter, once by address and once by identity. A healthy counter takes a few milliseconds. */
const TIMEOUT_MS = 100;

/**
 * Counts a request. If the counter fails or does not answer in 100 ms, the request passes and the failure is logged: the limit
 * protects against load, and is not an access control.
 *
 * @throws RateLimited
 */
export async function countRequest(
  limiter: RateLimiter | undefined,
  key: string,
  { platform, requestId }: { readonly platform: Pick<Platform, "log" | "sleep">; readonly requestId: string },
): Promise<void> {
  if (limiter === undefined) return;
  let success: boolean;
  try {
    ({ success } = await limitInTime(limiter, key, platform));
  } catch (error) {
    const reason = error instanceof Error ? error.name : "unknown";
    platform.log({ level: "error", event: "rate_limit_failed", requestId, reason });
    return;
  }
  if (!success) throw new RateLimited("Cannot serve the request: the rate limit is exceeded");
}

async function limitInTime(
  limiter: RateLimiter,
  key: string,
  platform: Pick<Platform, "sleep">,
): Promise<{ readonly success: boolean }> {
  const done = new AbortController();
  const tooLate = async (): Promise<never> => {
    await platform.sleep(TIMEOUT_MS, done.signal);
    throw new DOMException("The rate limiter did not answer in time", "TimeoutError");
  };
  try {
    return await Promise.race([limiter.limit({ key }), tooLate()]);
  } finally {
    done.abort();
  }
}

/**
 * The key that a request is counted by: the client address in the header that Cloudflare's edge sets. For IPv6 it is the /64
 * network, because one customer has all its addresses. Requests without an address share one key.
 */
export function addressOf(request: Request): string {
  const address = request.headers.get("cf-connecting-ip") ?? "unknown";
  if (!address.includes(":")) return address;
  const [front = "", back] = address.toLowerCase().split("::");
  const groups = front === "" ? [] : front.split(":");
  const behind = back === undefined || back === "" ? 0 : back.split(":").length;
  const zeros = back === undefined ? 0 : Math.max(0, 8 - groups.length - behind);
  const whole = [...groups, ...Array.from({ length: zeros }, () => "0"), ...(back ?? "").split(":")];
  return `${whole
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
