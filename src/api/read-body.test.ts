import { describe, expect, it } from "vitest";
import { readBody } from "./read-body.ts";

const never = new AbortController().signal;
const streamOf = (...chunks: readonly string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
const requestOf = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request("http://edge.test/", { method: "POST", body, headers, duplex: "half" } as RequestInit);

describe("readBody", () => {
  it("joins the chunks of a body, up to the limit", async () => {
    const body = await readBody(requestOf(streamOf("ab", "", "cd")), 4, never);
    expect(body).toEqual({ ok: true, bytes: new TextEncoder().encode("abcd") });
    expect(await readBody(requestOf(null), 4, never)).toEqual({ ok: true, bytes: new Uint8Array() });
  });

  it("copies the bytes of each chunk, so that large buffers are not kept", async () => {
    const chunk = new Uint8Array(65_536).subarray(0, 1);
    let sent = 0;
    const dribble = new ReadableStream(
      {
        pull(controller) {
          if (sent === 10_000) return controller.close();
          // A kept reference to the chunk would change with it.
          chunk[0] = sent % 251;
          sent += 1;
          controller.enqueue(chunk);
        },
      },
      { highWaterMark: 0 },
    );
    const body = await readBody(requestOf(dribble), 10_000, never);
    expect(body).toEqual({ ok: true, bytes: Uint8Array.from({ length: 10_000 }, (_, index) => index % 251) });
  });

  it("stops at the first byte above the limit, whatever Content-Length says", async () => {
    const tooLarge = { ok: false, reason: "too_large" };
    expect(await readBody(requestOf(streamOf("abc", "de")), 4, never)).toEqual(tooLarge);
    expect(await readBody(requestOf("abcd", { "content-length": "5" }), 4, never)).toEqual(tooLarge);
    expect(await readBody(requestOf(streamOf("abcde"), { "content-length": "1" }), 4, never)).toEqual(tooLarge);
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    expect(await readBody(requestOf(endless), 4000, never)).toEqual(tooLarge);
    expect(pulled).toBeLessThan(10);
  });

  it("returns unreadable for a body that breaks off", async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
    expect(await readBody(requestOf(broken), 4, never)).toEqual({ ok: false, reason: "unreadable" });
  });

  it.each([
    ["of unknown length", {}],
    ["of a declared length", { "content-length": "4" }],
  ])("returns too_slow for a body %s that does not end before the signal fires (Q13)", async (_what, headers) => {
    const stop = new AbortController();
    const stalled = readBody(requestOf(new ReadableStream(), headers), 4, stop.signal);
    stop.abort(new Error("deadline"));
    expect(await stalled).toEqual({ ok: false, reason: "too_slow" });
  });

  it("rejects with the reason of a signal that fired before", async () => {
    const stop = new AbortController();
    stop.abort(new Error("deadline"));
    await expect(readBody(requestOf("ab"), 4, stop.signal)).rejects.toThrow("deadline");
  });
});
