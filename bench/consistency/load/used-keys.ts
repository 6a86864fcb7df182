import type { Caller } from "../history/history.ts";

const MAX_KEYS = 50;

/** Idempotency keys of acknowledged writes, for other callers to use as well. */
export class UsedKeys {
  private readonly keys: { readonly key: string; readonly users: Set<Caller> }[] = [];

  /** @param key one that the caller created, not one that it borrowed: that has its first user already */
  add(caller: Caller, key: string): void {
    this.keys.push({ key, users: new Set([caller]) });
    if (this.keys.length > MAX_KEYS) this.keys.shift();
  }

  /** Returns a key that only other callers have used, and records the caller as a user. */
  borrow(caller: Caller): string | undefined {
    const found = this.keys.find(({ users }) => !users.has(caller));
    found?.users.add(caller);
    return found?.key;
  }
}
