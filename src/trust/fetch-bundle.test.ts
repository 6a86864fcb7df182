import { describe, expect, it } from "vitest";
import { type Fetch, fetchBundle } from "./fetch-bundle.ts";

const ENDPOINT = "https://bundles.example.org/td";
const PATIENT = { signal: new AbortController().signal, timeoutMs: 10_000 };

/** A `fetch` with the given responses, and the requests that it received. */
function fakeFetch(responses: Readonly<Record<string, () => Response | Promise<Response>>>) {
  const requests: { readonly url: string; readonly init: RequestInit }[] = [];
  const fetch: Fetch = async (url, init) => {
    requests.push({ url, init });
    const respond = responses[url];
    if (respond === undefined) throw new TypeError("canary: no such host");
    return await respond();
  };
  return { fetch, requests };
}

const redirect =
  (location: string, status = 302) =>
  (): Response =>
    new Response("moved", { status, headers: { location } });

describe("fetchBundle", () => {
  it("returns the text unchanged, bypasses caches and does not let the platform follow redirects", async () => {
    const { fetch, requests } = fakeFetch({ [ENDPOINT]: () => new Response('{"keys":[]} \n') });
    expect(await fetchBundle(fetch, ENDPOINT, PATIENT)).toEqual({ ok: true, text: '{"keys":[]} \n' });
    expect(requests).toMatchObject([{ url: ENDPOINT, init: { redirect: "manual", cache: "no-store" } }]);
    expect(JSON.stringify(requests)).not.toMatch(/authorization|cookie/i);
  });

  it.each([301, 302, 303, 307, 308])(
    "follows a redirect with status %i to another URL of the profile (F05)",
    async (status) => {
      const { fetch, requests } = fakeFetch({
        [ENDPOINT]: redirect("/elsewhere", status),
        "https://bundles.example.org/elsewhere": redirect("https://other.example/x"),
        "https://other.example/x": () => new Response("bundle"),
      });
      expect(await fetchBundle(fetch, ENDPOINT, PATIENT)).toEqual({ ok: true, text: "bundle" });
      expect(requests).toHaveLength(3);
      // The redirect is not remembered: the next fetch starts at the endpoint again.
      await fetchBundle(fetch, ENDPOINT, PATIENT);
      expect(requests[3]?.url).toBe(ENDPOINT);
    },
  );

  it.each([
    "http://other.example/x",
    "https://user@other.example/",
    "//user:pw@other.example",
    "file:///etc/passwd",
    "http://[",
  ])("does not follow a redirect to %s (F05, P27)", async (location) => {
    const { fetch, requests } = fakeFetch({ [ENDPOINT]: redirect(location) });
    const answer = await fetchBundle(fetch, ENDPOINT, PATIENT);
    expect(answer).toEqual({
      ok: false,
      detail: "the redirect target is not an https URL without user, password or fragment",
    });
    expect(requests).toHaveLength(1);
  });

  it("gives up after five redirects", async () => {
    const { fetch, requests } = fakeFetch({ [ENDPOINT]: redirect(ENDPOINT) });
    expect(await fetchBundle(fetch, ENDPOINT, PATIENT)).toEqual({ ok: false, detail: "more than 5 redirects" });
    expect(requests).toHaveLength(6);
  });

  it.each([
    ["an error status", () => new Response("canary", { status: 500 }), "status 500"],
    ["another success status", () => new Response(null, { status: 204 }), "status 204"],
    ["a redirect without a location", () => new Response("canary", { status: 302 }), "status 302"],
    ["a network error", () => Promise.reject(new TypeError("canary")), "no valid response (TypeError)"],
    ["invalid UTF-8", () => new Response(new Uint8Array([0xff, 0x63])), "no valid response (TypeError)"],
    ["a body that is too large", () => new Response("x".repeat(262_145)), "more than 262144 bytes"],
  ])("reports %s without quoting the response", async (_, respond, detail) => {
    const { fetch } = fakeFetch({ [ENDPOINT]: respond });
    expect(await fetchBundle(fetch, ENDPOINT, PATIENT)).toEqual({ ok: false, detail });
  });

  it("stops reading an endless body", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const { fetch } = fakeFetch({ [ENDPOINT]: () => new Response(endless) });
    expect((await fetchBundle(fetch, ENDPOINT, PATIENT)).ok).toBe(false);
    expect(sent).toBeLessThan(10);
  });

  it("gives up after the timeout, redirects included", async () => {
    const slow: Fetch = async (_url, { signal }) => {
      await new Promise((resolve, reject) => {
        setTimeout(resolve, 40);
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
      return redirect(ENDPOINT)();
    };
    const began = performance.now();
    const impatient = { ...PATIENT, timeoutMs: 100 };
    expect(await fetchBundle(slow, ENDPOINT, impatient)).toEqual({
      ok: false,
      detail: "no valid response (TimeoutError)",
    });
    expect(performance.now() - began).toBeLessThan(190);
  });

  it("rejects with the reason of an aborted signal", async () => {
    const stop = new AbortController();
    const fetch: Fetch = async (_url, { signal }) =>
      await new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const fetching = fetchBundle(fetch, ENDPOINT, { signal: stop.signal, timeoutMs: 10_000 });
    stop.abort(new Error("the deadline"));
    await expect(fetching).rejects.toThrow("the deadline");
  });
});
