import { parseEndpointUrl } from "./endpoint.ts";

/** The platform's `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The text that an endpoint returned, or why there is none. `detail` quotes nothing from the response. */
export type FetchedBundle =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly detail: string };

const MAX_REDIRECTS = 5;

/** The longest bundle that can be stored, in UTF-8: at most four bytes per character. */
const MAX_BYTES = 4 * 65_536;

/**
 * Fetches a bundle by the `https_web` profile (SPIFFE Federation, section 5.2.1): the platform verifies the server with
 * the web's certificate authorities.
 *
 * Redirects are followed if their target satisfies the same profile, and are not remembered (section 5.1). Caches are
 * bypassed, because a cached bundle may contain keys that were revoked since.
 *
 * Gives up after `timeoutMs`, redirects included. Never rejects, except with the reason of `signal` after it is aborted.
 */
export async function fetchBundle(
  fetch: Fetch,
  url: string,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<FetchedBundle> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let target = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const reply = await fetchOnce(fetch, target, either);
    signal.throwIfAborted();
    if ("text" in reply) return { ok: true, text: reply.text };
    if (!("location" in reply)) return { ok: false, detail: reply.detail };
    const next = URL.canParse(reply.location, target) ? new URL(reply.location, target).href : "";
    if (parseEndpointUrl(next) === undefined) {
      return { ok: false, detail: "the redirect target is not an https URL without user, password or fragment" };
    }
    target = next;
  }
  return { ok: false, detail: `more than ${MAX_REDIRECTS} redirects` };
}

type Reply = { readonly text: string } | { readonly location: string } | { readonly detail: string };

async function fetchOnce(fetch: Fetch, url: string, signal: AbortSignal): Promise<Reply> {
  try {
    const headers = { Accept: "application/json" };
    const response = await fetch(url, { redirect: "manual", cache: "no-store", headers, signal });
    const { status } = response;
    if (status === 200) return await readText(response);
    await response.body?.cancel();
    const location = response.headers.get("location");
    return [301, 302, 303, 307, 308].includes(status) && location !== null
      ? { location }
      : { detail: `status ${status}` };
  } catch (error) {
    // Only the error's name: its message may quote addresses and certificates.
    return { detail: `no valid response (${error instanceof Error ? error.name : "unknown"})` };
  }
}

async function readText(response: Response): Promise<Reply> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let text = "";
  for (let length = 0; ;) {
    const chunk = await reader?.read();
    if (chunk === undefined || chunk.done) return { text: text + decoder.decode() };
    length += chunk.value.length;
    if (length > MAX_BYTES) {
      await reader?.cancel();
      return { detail: `more than ${MAX_BYTES} bytes` };
    }
    text += decoder.decode(chunk.value, { stream: true });
  }
}
