import type { Attempts } from "../../src/store/attempts.ts";

const never = new AbortController().signal;

/** No deadline, nobody who hangs up, and no pauses. */
export const PATIENT: Attempts = {
  deadline: never,
  client: never,
  sleep: async () => undefined,
  random: () => 0.5,
  now: () => Date.now(),
};
