import { readBookmark } from "../../commit/bookmark/bookmark.ts";
import type { HeldBookmarks } from "../../commit/bookmark/with-bookmarks.ts";
import type { Fault } from "../../json/fault.ts";
import type { KeyRing } from "../../seal/key-ring.ts";

/** Carries the bookmarks of a client, in requests and answers. */
export const BOOKMARK_HEADER = "Spike-Bookmark";

/** Two, because a client that merges bookmarks keeps two if neither is newer in every number. */
const MAX_BOOKMARKS = 2;

/** The request of a client that has no bookmark yet. */
const NO_BOOKMARK = "none";

const FAULT: Fault = {
  member: BOOKMARK_HEADER,
  rule: `must be 1 to ${MAX_BOOKMARKS} bookmarks of this service, unaltered and separated by a comma, or ${NO_BOOKMARK}`,
  limit: MAX_BOOKMARKS,
};

/** Parses and verifies the bookmarks of a request. */
export async function readBookmarks(
  ring: KeyRing,
  header: string,
): Promise<{ readonly ok: true; readonly held: HeldBookmarks } | { readonly ok: false; readonly fault: Fault }> {
  const texts = header.split(",").map((text) => text.trim());
  if (texts.length > MAX_BOOKMARKS) return { ok: false, fault: FAULT };
  if (header.trim() === NO_BOOKMARK) return { ok: true, held: { marks: [], isExpired: false } };
  const found = await Promise.all(texts.map(async (text) => await readBookmark(ring, text)));
  if (found.some((bookmark) => !bookmark.ok && bookmark.reason === "malformed")) return { ok: false, fault: FAULT };
  const marks = found.flatMap((bookmark) => (bookmark.ok ? [bookmark.mark] : []));
  return { ok: true, held: { marks, isExpired: marks.length < found.length } };
}
