import type { Attempts } from "../../src/store/attempts.ts";

const never = new AbortController().signal;

/** Retry options without a deadline, a disconnecting client or pauses. */
export const PATIENT: Attempts = {
  deadline: never,
  endsAt: Infinity,
  client: never,
  sleep: async () => undefined,
  random: () => 0.5,
  now: () => Date.now(),
};
