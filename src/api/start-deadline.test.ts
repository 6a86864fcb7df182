import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createPlatform } from "../runtime/platform.ts";
import { startDeadline } from "./start-deadline.ts";

const platform = createPlatform({ log: () => undefined, audit: () => undefined });

describe("a deadline", () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1000 }));
  afterEach(() => void vi.useRealTimers());

  it("passes at the time that it announces (Q34)", () => {
    using started = startDeadline(platform, 300);
    const { attempts } = started;
    expect(attempts.endsAt).toBe(1300);
    vi.advanceTimersByTime(299);
    expect(attempts.deadline.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(attempts.deadline.aborted).toBe(true);
    expect(attempts.deadline.reason).toMatchObject({ name: "StoreUnavailable", reason: "deadline" });
    expect(attempts.now()).toBe(attempts.endsAt);
  });

  it("aborts `client` when the client hangs up, before or after it started", () => {
    const client = new AbortController();
    using started = startDeadline(platform, 300, client.signal);
    expect(started.attempts.client.aborted).toBe(false);
    client.abort();
    expect(started.attempts.client.reason).toMatchObject({ name: "StoreUnavailable", reason: "gone" });
    expect(started.attempts.deadline.aborted).toBe(false);
    using late = startDeadline(platform, 300, client.signal);
    expect(late.attempts.client.aborted).toBe(true);
  });

  it("leaves no timer and no listener when the work is done", () => {
    const client = new AbortController();
    {
      using started = startDeadline(platform, 300, client.signal);
      expect(started.attempts.deadline.aborted).toBe(false);
      expect(vi.getTimerCount()).toBe(1);
    }
    expect(vi.getTimerCount()).toBe(0);
    const removed = startDeadline(platform, 300, client.signal);
    removed[Symbol.dispose]();
    client.abort();
    expect(removed.attempts.client.aborted).toBe(false);
  });
});
