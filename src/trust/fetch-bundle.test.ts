import { describe, expect, it } from "vitest";
import { type Fetch, fetchBundle } from "./fetch-bundle.ts";

const PLACE = "https://bundles.example.org/td";
const AT_EASE = { signal: new AbortController().signal, timeoutMs: 10_000 };

/** An internet of these answers, and what was asked of it. */
function internet(answers: Readonly<Record<string, () => Response | Promise<Response>>>) {
  const asked: { readonly url: string; readonly init: RequestInit }[] = [];
  const fetch: Fetch = async (url, init) => {
    asked.push({ url, init });
    const answer = answers[url];
    if (answer === undefined) throw new TypeError("canary: no such host");
    return await answer();
  };
  return { fetch, asked };
}

const moved =
  (location: string, status = 302) =>
  (): Response =>
    new Response("moved", { status, headers: { location } });

describe("fetchBundle", () => {
  it("gives the text as it was sent, and asks for it past every cache, without following by itself", async () => {
    const { fetch, asked } = internet({ [PLACE]: () => new Response('{"keys":[]} \n') });
    expect(await fetchBundle(fetch, PLACE, AT_EASE)).toEqual({ ok: true, text: '{"keys":[]} \n' });
    expect(asked).toMatchObject([{ url: PLACE, init: { redirect: "manual", cache: "no-store" } }]);
    expect(JSON.stringify(asked)).not.toMatch(/authorization|cookie/i);
  });

  it.each([301, 302, 303, 307, 308])(
    "F05 follows a redirect with %i to another place of the profile",
    async (status) => {
      const { fetch, asked } = internet({
        [PLACE]: moved("/elsewhere", status),
        "https://bundles.example.org/elsewhere": moved("https://other.example/x"),
        "https://other.example/x": () => new Response("bundle"),
      });
      expect(await fetchBundle(fetch, PLACE, AT_EASE)).toEqual({ ok: true, text: "bundle" });
      expect(asked).toHaveLength(3);
      // Nothing of it is kept: the next time begins at the same place.
      await fetchBundle(fetch, PLACE, AT_EASE);
      expect(asked[3]?.url).toBe(PLACE);
    },
  );

  it.each([
    "http://other.example/x",
    "https://user@other.example/",
    "//user:pw@other.example",
    "file:///etc/passwd",
    "http://[",
  ])("F05, P27 follows no redirect to %s", async (location) => {
    const { fetch, asked } = internet({ [PLACE]: moved(location) });
    const answer = await fetchBundle(fetch, PLACE, AT_EASE);
    expect(answer).toEqual({
      ok: false,
      detail: "a redirect to what is no https URL without user, password and fragment",
    });
    expect(asked).toHaveLength(1);
  });

  it("gives up after five redirects", async () => {
    const { fetch, asked } = internet({ [PLACE]: moved(PLACE) });
    expect(await fetchBundle(fetch, PLACE, AT_EASE)).toEqual({ ok: false, detail: "more than 5 redirects" });
    expect(asked).toHaveLength(6);
  });

  it.each([
    ["an error", () => new Response("canary", { status: 500 }), "status 500"],
    ["another success", () => new Response(null, { status: 204 }), "status 204"],
    ["a redirect to nowhere", () => new Response("canary", { status: 302 }), "status 302"],
    ["no answer", () => Promise.reject(new TypeError("canary")), "no answer (TypeError)"],
    ["no UTF-8", () => new Response(new Uint8Array([0xff, 0x63])), "no answer (TypeError)"],
    ["too much", () => new Response("x".repeat(262_145)), "more than 262144 bytes"],
  ])("says what came of %s, without quoting it", async (_, answer, detail) => {
    const { fetch } = internet({ [PLACE]: answer });
    expect(await fetchBundle(fetch, PLACE, AT_EASE)).toEqual({ ok: false, detail });
  });

  it("reads no more of an endless answer than it has to", async () => {
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(65_536).fill(0x20));
      },
    });
    const { fetch } = internet({ [PLACE]: () => new Response(endless) });
    expect((await fetchBundle(fetch, PLACE, AT_EASE)).ok).toBe(false);
    expect(sent).toBeLessThan(10);
  });

  it("gives up after its patience, redirects and all, and for a body that never ends", async () => {
    const slow: Fetch = async (_url, { signal }) => {
      await new Promise((resolve, reject) => {
        setTimeout(resolve, 40);
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
      return moved(PLACE)();
    };
    const began = performance.now();
    const impatient = { ...AT_EASE, timeoutMs: 100 };
    expect(await fetchBundle(slow, PLACE, impatient)).toEqual({ ok: false, detail: "no answer (TimeoutError)" });
    expect(performance.now() - began).toBeLessThan(190);
  });

  it("stops with its request", async () => {
    const stop = new AbortController();
    const fetch: Fetch = async (_url, { signal }) =>
      await new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new Error("aborted"))));
    const fetching = fetchBundle(fetch, PLACE, { signal: stop.signal, timeoutMs: 10_000 });
    stop.abort(new Error("the deadline"));
    await expect(fetching).rejects.toThrow("the deadline");
  });
});
