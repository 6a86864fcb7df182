import { describe, expect, it } from "vitest";
import { PATIENT } from "../../test/harness/attempts.ts";
import { type Attempts, pauseAfterFailure, pauseAfterRace } from "./attempts.ts";

/** Attempts with the largest random number, which record how long they sleep. */
function late(): { readonly attempts: Attempts; readonly slept: number[] } {
  const slept: number[] = [];
  const sleep = async (ms: number) => await Promise.resolve(void slept.push(ms));
  return { attempts: { ...PATIENT, random: () => 1, now: () => 0, sleep }, slept };
}

describe("pauses", () => {
  const never = new AbortController().signal;

  it("last up to 16, 64 and then 256 attempts after a lost race, and at most two seconds", async () => {
    const { attempts, slept } = late();
    for (const round of [0, 1, 2, 3]) await pauseAfterRace(attempts, { round, attemptMs: 3 }, never);
    await pauseAfterRace(attempts, { round: 9, attemptMs: 100 }, never);
    // If the clock shows no difference, an attempt counts as one millisecond.
    await pauseAfterRace(attempts, { round: 0, attemptMs: 0 }, never);
    expect(slept).toEqual([48, 192, 768, 768, 2000, 16]);
  });

  it("last up to 50 ms after a failure, and double up to 600 ms", async () => {
    const { attempts, slept } = late();
    for (const round of [0, 1, 2, 3, 4, 50]) await pauseAfterFailure(attempts, { round }, never);
    expect(slept).toEqual([50, 100, 200, 400, 600, 600]);
  });
});
