import { describe, expect, it } from "vitest";
import { type Attempts, pauseAfterFailure, pauseAfterRace } from "./attempts.ts";

/** Attempts at the upper end of chance, and how long they slept. */
function late(): { readonly attempts: Attempts; readonly slept: number[] } {
  const never = new AbortController().signal;
  const slept: number[] = [];
  const sleep = async (ms: number) => await Promise.resolve(void slept.push(ms));
  return { attempts: { deadline: never, client: never, random: () => 1, now: () => 0, sleep }, slept };
}

describe("waiting", () => {
  const never = new AbortController().signal;

  it("after a lost race is up to 16, 64, then 256 times what an attempt took, and two seconds", async () => {
    const { attempts, slept } = late();
    for (const round of [0, 1, 2, 3]) await pauseAfterRace(attempts, { round, attemptMs: 3 }, never);
    await pauseAfterRace(attempts, { round: 9, attemptMs: 100 }, never);
    // By a clock that shows no difference: a millisecond.
    await pauseAfterRace(attempts, { round: 0, attemptMs: 0 }, never);
    expect(slept).toEqual([48, 192, 768, 768, 2000, 16]);
  });

  it("after a failure is up to 50 ms, and doubles to 600", async () => {
    const { attempts, slept } = late();
    for (const round of [0, 1, 2, 3, 4, 50]) await pauseAfterFailure(attempts, round, never);
    expect(slept).toEqual([50, 100, 200, 400, 600, 600]);
  });
});
