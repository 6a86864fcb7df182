import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { type FakeAttempts, fakeAttempts } from "../../test/harness/attempts.ts";
import { limitRequestTime, type SendLimited } from "./request-limit.ts";

/** Sends a request that never gets an answer. Returns how long it took to be aborted, and why. */
async function hang(attempts: FakeAttempts, send: SendLimited): Promise<readonly [ms: number, reason: unknown]> {
  const began = attempts.now();
  let ended: readonly [number, unknown] | undefined;
  const work = send([attempts.deadline], async (signal) => {
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    ended = [attempts.now() - began, signal.reason];
  });
  await attempts.elapse(10_000);
  await work;
  return ended!;
}

describe("the limit of a database request", () => {
  it.each([
    [9000, [3000, 2000, 4000]],
    [8000, [2667, 1778, 3555]],
    [100, [34, 22, 44]],
  ])("of %i ms: a third of what is left, twice, and then all of it (Q34)", async (timeoutMs, expected) => {
    const attempts = fakeAttempts(timeoutMs);
    const send = limitRequestTime(attempts);
    const hung: number[] = [];
    for (const reason of ["timeout", "timeout", "deadline"]) {
      let ended: readonly [number, unknown] | undefined;
      const began = attempts.now();
      const work = send([attempts.deadline], async (signal) => {
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        ended = [attempts.now() - began, signal.reason];
      });
      while (ended === undefined) await attempts.elapse(1);
      await work;
      expect(ended[1]).toMatchObject({ reason, outcome: "none", detail: expect.stringMatching(/^\d+ ms$/) });
      hung.push(ended[0]);
    }
    expect(hung).toEqual(expected);
  });

  it("does not shrink by requests that get an answer in time, however many (Q34)", async () => {
    const attempts = fakeAttempts(9000);
    const send = limitRequestTime(attempts);
    for (let n = 0; n < 5; n += 1) {
      expect(await send([attempts.deadline], async () => await Promise.resolve(n))).toBe(n);
      await expect(send([attempts.deadline], async () => await Promise.reject(new Error("reset")))).rejects.toThrow();
    }
    expect(await hang(attempts, send)).toMatchObject([3000, { reason: "timeout" }]);
  });

  it("leaves no timer and no listener behind (Q34)", async () => {
    const attempts = fakeAttempts(9000);
    const send = limitRequestTime(attempts);
    const open = () => [attempts.timers(), getEventListeners(attempts.deadline, "abort").length];
    await send([attempts.deadline], async () => {
      expect(open()).toEqual([1, 1]);
      await Promise.resolve();
    });
    expect(open()).toEqual([0, 0]);
    await expect(send([attempts.deadline], async () => await Promise.reject(new Error("reset")))).rejects.toThrow();
    expect(open()).toEqual([0, 0]);
    await hang(attempts, send);
    expect(open()).toEqual([0, 0]);
  });

  it("ends with the stop signal, before or after it began, and that is no timeout (Q34)", async () => {
    const attempts = fakeAttempts(9000);
    const send = limitRequestTime(attempts);
    const stop = new AbortController();
    const reasons: unknown[] = [];
    const work = send([stop.signal], async (signal) => {
      stop.abort("stopped");
      reasons.push(signal.reason);
      await Promise.resolve();
    });
    await work;
    await send([stop.signal], async (signal) => {
      reasons.push(signal.reason);
      await Promise.resolve();
    });
    expect(reasons).toEqual(["stopped", "stopped"]);
    expect(await hang(attempts, send)).toMatchObject([3000, { reason: "timeout" }]);
  });

  it("ends with the first of several stop signals, before or after it began", async () => {
    const attempts = fakeAttempts(9000);
    const send = limitRequestTime(attempts);
    const client = new AbortController();
    const stops = [attempts.deadline, client.signal];
    await send(stops, async (signal) => {
      expect(signal.aborted).toBe(false);
      client.abort("gone");
      expect(signal.reason).toBe("gone");
      await Promise.resolve();
    });
    await send(stops, async (signal) => {
      expect(signal.reason).toBe("gone");
      await Promise.resolve();
    });
  });

  it("can be shorter for one request: that is no timeout, and also holds after two timeouts", async () => {
    const attempts = fakeAttempts(9000);
    const send = limitRequestTime(attempts);
    const hung: number[] = [];
    const sendHanging = async (options: { readonly maxMs?: number }) => {
      const began = attempts.now();
      const sent = hung.length;
      const work = send(
        [attempts.deadline],
        async (signal) => {
          await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          hung.push(attempts.now() - began);
        },
        options,
      );
      while (hung.length === sent) await attempts.elapse(1);
      await work;
    };
    for (const _ of [1, 2, 3]) await sendHanging({ maxMs: 500 });
    for (const _ of [1, 2]) await sendHanging({});
    await sendHanging({ maxMs: 500 });
    await sendHanging({});
    // Between the short ones: a third of 7500, a third of 5000, and the rest.
    expect(hung).toEqual([500, 500, 500, 2500, 1667, 500, 2833]);
  });

  it("is never negative if the clock was moved past the deadline (Q34)", async () => {
    const attempts = fakeAttempts(9000);
    const send = limitRequestTime({ ...attempts, now: () => attempts.endsAt + 3_600_000 });
    expect(await hang(attempts, send)).toMatchObject([0, { reason: "timeout", detail: "0 ms" }]);
  });
});
