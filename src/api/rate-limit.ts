import type { Log } from "./platform.ts";

/** A counter that the platform keeps (Workers: rate limiting binding). It counts where the worker runs, not worldwide. */
export interface RateLimiter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** The counters that are configured, each with a meaning of its own for `key`. */
export interface RateLimits {
  /** By the address that the edge saw. Counts every request but `/healthz`, before anything is looked at. */
  readonly byAddress: RateLimiter | undefined;
  /** By SPIFFE ID, once it is proved: else a stranger could use up the share of whoever he names. */
  readonly byIdentity: RateLimiter | undefined;
}

/** Whoever asks has asked too often. */
export class RateLimited extends Error {
  override readonly name = "RateLimited";
}

/**
 * Counts a request. A counter that fails lets it pass and is reported: it protects from load, not from strangers.
 *
 * @throws RateLimited
 */
export async function countRequest(
  limiter: RateLimiter | undefined,
  key: string,
  { log, requestId }: { readonly log: Log; readonly requestId: string },
): Promise<void> {
  if (limiter === undefined) return;
  let success: boolean;
  try {
    ({ success } = await limiter.limit({ key }));
  } catch (error) {
    const reason = error instanceof Error ? error.name : "unknown";
    log({ level: "error", event: "rate_limit_failed", requestId, reason });
    return;
  }
  if (!success) throw new RateLimited("Cannot serve a request: too many came before it");
}

/**
 * What a request is counted by: the address of the peer as Cloudflare's edge saw it, which sets this header itself. Of IPv6 the
 * network, its first 64 bits: whoever has one address there has them all. Those without an address count together.
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
