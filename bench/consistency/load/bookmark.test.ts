import { describe, expect, it } from "vitest";
import { NewestBookmark, parseBookmark } from "./bookmark.ts";

const encode = (text: string) => Buffer.from(text).toString("base64");
const bookmark = (revision: number) => encode(`v1:0123456789abcdef-fedcba9876543210:${revision}:3:00ff`);

describe("parseBookmark", () => {
  it("returns the cluster and the revision", () => {
    const text = bookmark(17);
    expect(parseBookmark(text)).toEqual({ text, cluster: "0123456789abcdef-fedcba9876543210", revision: 17 });
  });

  it.each([
    "",
    "none",
    `${bookmark(17)}=`,
    `${bookmark(1)},${bookmark(2)}`,
    encode("v2:ab-cd:1:1:00"),
    encode("v1:ab-cd:-1:1:00"),
    encode("v1:ab-cd:1:1"),
    encode("v1:ab-cd:1:1:xyz"),
  ])("rejects %j", (text) => {
    expect(parseBookmark(text)).toBeUndefined();
  });
});

it("keeps the bookmark with the highest revision", () => {
  const newest = new NewestBookmark();
  expect(newest.get()).toBeUndefined();
  for (const revision of [0, 5, 3, 9, 7]) newest.keep(parseBookmark(bookmark(revision))!);
  expect(newest.get()?.revision).toBe(9);
});
