import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable } from "./abortable.ts";

describe("abortable", () => {
  it("returns what the work returns, and throws what it throws", async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(7), signal)).toBe(7);
    await expect(abortable(Promise.reject(new Error("failed")), signal)).rejects.toThrow("failed");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it.each(["before", "during"])("rejects with the signal's reason if it aborts %s the work (Q33)", async (when) => {
    const stop = new AbortController();
    if (when === "before") stop.abort(new Error("late"));
    const work = Promise.withResolvers<number>();
    const waiting = abortable(work.promise, stop.signal);
    stop.abort(new Error("late"));
    await expect(waiting).rejects.toThrow("late");
    expect(getEventListeners(stop.signal, "abort")).toEqual([]);
    // Must not become an unhandled rejection.
    work.reject(new Error("much later"));
    await work.promise.catch(() => undefined);
  });
});
