import type { Caller } from "../history/history.ts";

/** Keys under which writes were acknowledged, for others to use the same. */
export class UsedKeys {
  private readonly kept: { readonly key: string; readonly users: Set<Caller> }[] = [];

  /** A key of this caller's own, never one that it has borrowed: its first user must not be forgotten. */
  note(caller: Caller, key: string): void {
    this.kept.push({ key, users: new Set([caller]) });
    if (this.kept.length > MOST_KEPT) this.kept.shift();
  }

  /** A key that others have used and this caller has not; from now on it has. */
  borrow(caller: Caller): string | undefined {
    const found = this.kept.find(({ users }) => !users.has(caller));
    found?.users.add(caller);
    return found?.key;
  }
}

const MOST_KEPT = 50;
