import { describe, expect, it } from "vitest";
import { fakeAttempts } from "../../test/harness/attempts.ts";
import type { Attempts } from "./attempts.ts";
import { load } from "./load.ts";
import { memoryStore } from "./memory/memory-store.ts";
import type { Store } from "./store.ts";
import { abortedBy, StoreUnavailable } from "./store-unavailable.ts";

type Step = "answer" | "hang" | "reset";

/** A store whose loads take the given steps; later ones take the last step. Records when each was sent. */
function storeOf(attempts: Attempts, ...steps: readonly Step[]): Pick<Store, "load" | "commit"> & { sent: number[] } {
  const inner = memoryStore({ storeId: "s", now: () => attempts.now() });
  const sent: number[] = [];
  return {
    sent,
    commit: async () => await Promise.reject(new Error("not reached")),
    async load(query, signal) {
      const step = steps[Math.min(sent.length, steps.length - 1)];
      sent.push(attempts.now() - 1000);
      if (step === "reset") throw new StoreUnavailable("connection", "none", "");
      if (step === "answer") return await inner.load(query, signal);
      return await new Promise<never>((_, reject) =>
        signal.addEventListener("abort", () => reject(abortedBy(signal, "none"))),
      );
    },
  };
}

describe("load", () => {
  it.each<readonly [readonly Step[], readonly number[], "answered" | "deadline"]>([
    // A third of 9000; a pause of 25; a third of 5975; a pause of 50.
    [["hang", "answer"], [0, 3000 + 25], "answered"],
    [["hang", "hang", "answer"], [0, 3025, 3025 + 1992 + 50], "answered"],
    [["hang"], [0, 3025, 5067], "deadline"],
    [["reset", "hang", "answer"], [0, 25, 25 + 2992 + 50], "answered"],
    [["reset", "reset", "hang", "answer"], [0, 25, 75, 75 + 2975 + 100], "answered"],
  ])("of which the requests %j is sent at %j ms and ends with: %s (Q34)", async (steps, sent, end) => {
    const attempts = fakeAttempts(9000);
    const store = storeOf(attempts, ...steps);
    const ended = load(store, {}, attempts).then(
      () => "answered",
      (error: unknown) => (error instanceof StoreUnavailable ? error.reason : error),
    );
    await attempts.elapse(9000);
    expect(await ended).toBe(end);
    expect(store.sent).toEqual(sent);
    expect(attempts.timers()).toBe(0);
  });

  it.each([
    ["client hangs up", "gone"],
    ["deadline passes", "deadline"],
  ])("that pauses ends when the %s", async (_, reason) => {
    const attempts = fakeAttempts(100);
    const store = storeOf(attempts, "reset");
    const loading = expect(load(store, {}, attempts)).rejects.toMatchObject({ reason });
    // It pauses 25 ms, 50 ms, 100 ms.
    await attempts.elapse(80);
    if (reason === "gone") attempts.clientController.abort(new StoreUnavailable("gone", "none", "client"));
    else await attempts.elapse(20);
    await loading;
    expect(store.sent).toEqual([0, 25, 75]);
    expect(attempts.timers()).toBe(0);
  });

  it("that hangs ends when the client hangs up (Q34)", async () => {
    const attempts = fakeAttempts(9000);
    const store = storeOf(attempts, "hang");
    const loading = expect(load(store, {}, attempts)).rejects.toMatchObject({ reason: "gone" });
    await attempts.elapse(100);
    attempts.clientController.abort(new StoreUnavailable("gone", "none", "client"));
    await loading;
    expect(store.sent).toEqual([0]);
    expect(attempts.timers()).toBe(0);
  });
});
