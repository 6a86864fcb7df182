import { parseEndpointUrl } from "./endpoint.ts";

/** The platform's `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The text that an endpoint gave; or what it gave instead, in words without anything of the answer's contents. */
export type Fetched = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly detail: string };

const MAX_REDIRECTS = 5;

/** Four bytes a character are the most that the longest stored bundle can need. */
const MAX_BYTES = 4 * 65_536;

/**
 * Fetches a bundle by the `https_web` profile (SPIFFE Federation, section 5.2.1): the platform verifies the server by the web's
 * certificate authorities. Redirects are followed to places that satisfy the same profile and are forgotten afterwards
 * (section 5.1). Never from a cache: a bundle in there is one that may be revoked.
 *
 * Gives up after `timeoutMs`, redirects and all. Never rejects, except with the reason of `signal` once that has fired.
 */
export async function fetchBundle(
  fetch: Fetch,
  url: string,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Fetched> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let place = url;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const answer = await ask(fetch, place, either);
    signal.throwIfAborted();
    if ("text" in answer) return { ok: true, text: answer.text };
    if (!("location" in answer)) return { ok: false, detail: answer.detail };
    const next = URL.canParse(answer.location, place) ? new URL(answer.location, place).href : "";
    if (parseEndpointUrl(next) === undefined) {
      return { ok: false, detail: "a redirect to what is no https URL without user, password and fragment" };
    }
    place = next;
  }
  return { ok: false, detail: `more than ${MAX_REDIRECTS} redirects` };
}

type Answer = { readonly text: string } | { readonly location: string } | { readonly detail: string };

async function ask(fetch: Fetch, url: string, signal: AbortSignal): Promise<Answer> {
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
    // The message may quote addresses and certificates; its kind is what helps.
    return { detail: `no answer (${error instanceof Error ? error.name : "unknown"})` };
  }
}

async function readText(response: Response): Promise<Answer> {
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
