import type { Access } from "../../store/access.ts";
import type { AnySnapshot } from "../../store/store.ts";
import { BookmarkRefused } from "./bookmark-refused.ts";
import { judge, type MarkFault } from "./judge.ts";
import { type Mark, markOf } from "./mark.ts";

/** The bookmarks of a request, verified. */
export interface HeldBookmarks {
  readonly marks: readonly Mark[];
  /** One of them is under a key that has left the ring. */
  readonly isExpired: boolean;
}

/**
 * Access that is given only by states which continue the bookmarks of the request, in every snapshot that something is decided
 * on. It costs no round trip of its own.
 *
 * A state that has lost acknowledged changes is refused before permissions are looked at, because it may lack the caller's.
 * Other faults of a bookmark concern permitted callers only.
 *
 * @param onPermitted called with the moment of each snapshot that permits the request
 */
export function withBookmarks(access: Access, held: HeldBookmarks, onPermitted: (mark: Mark) => void): Access {
  const { marks, isExpired } = held;
  const revisions = marks.map(({ revision }) => revision);
  const faultIn = (snapshot: AnySnapshot): BookmarkRefused | undefined =>
    refusalOf(marks, snapshot) ?? (isExpired ? expired() : undefined);
  const permit = (snapshot: AnySnapshot): void => {
    const refusal = faultIn(snapshot);
    if (refusal !== undefined) throw refusal;
    const mark = markOf(snapshot);
    if (mark !== undefined) onPermitted(mark);
  };
  return {
    ...access,
    query: { ...access.query, ...(marks.length > 0 && { entryMacs: { revisions } }) },
    async permits(snapshot) {
      const refusal = faultIn(snapshot);
      if (refusal?.isAlarm === true) throw refusal;
      const rests = await access.permits(snapshot);
      if (rests !== undefined) permit(snapshot);
      return rests;
    },
    async requireCurrent(snapshot) {
      await access.requireCurrent?.(snapshot);
      permit(snapshot);
    },
  };
}

function expired(): BookmarkRefused {
  return new BookmarkRefused("bookmark_expired", "the key of a bookmark is not in the ring");
}

/** The faults from the worst to the least: a request may bring two bookmarks. */
const ORDER: readonly MarkFault[] = [
  "store_went_back",
  "store_behind",
  "store_replaced",
  "other_store",
  "bookmark_expired",
];

function refusalOf(marks: readonly Mark[], snapshot: AnySnapshot): BookmarkRefused | undefined {
  const { store, newest, entryMacs = [] } = snapshot;
  const faults = marks.flatMap((mark) => {
    const fault = judge(mark, { store, newest, entryMacs });
    return fault === undefined ? [] : [{ fault, mark }];
  });
  const worst = ORDER.flatMap((name) => faults.filter(({ fault }) => fault === name))[0];
  if (worst === undefined) return undefined;
  const { fault, mark } = worst;
  const shown = `the bookmark has revision ${mark.revision} and epoch ${mark.epoch}`;
  return new BookmarkRefused(fault, `${shown}, the store ${store.revision} and ${store.epoch}`);
}
