import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fakeCliIo } from "../../../test/harness/fake-cli-io.ts";
import { encodeBase64 } from "../../encoding/base64.ts";
import { encodeUtf8 } from "../../encoding/utf8.ts";
import { CliError } from "../cli-error.ts";
import { restored, type RestoredOptions } from "./restored.ts";

const bookmarkOf = (text: string): string => encodeBase64(encodeUtf8(text));
const CLUSTER = "0011223344556677-8899aabbccddeeff";
const BOOKMARK = bookmarkOf(`v1:${CLUSTER}:120:7:${"0a".repeat(41)}`);

describe("spike operator restored", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "spike-restored-"));
    writeFileSync(join(folder, "token"), "a.b.c");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = async (options: RestoredOptions, confirms?: boolean) => {
    const sent: unknown[] = [];
    const said: string[] = [];
    const io = fakeCliIo((text) => void said.push(text), {
      tokenFile: join(folder, "token"),
      async fetch(url, init) {
        const { pathname, search } = new URL(url);
        sent.push(`${pathname}${search}`, await new Request(url, init).json());
        return await Promise.resolve(Response.json({ revision: 121, generation: "120.t.r" }));
      },
      confirm: confirms === undefined ? undefined : (question) => (said.push(question), confirms),
    });
    try {
      await restored(io, options);
      return { sent, said, error: undefined };
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      return { sent, said, error: error.message };
    }
  };

  it.each<readonly [RestoredOptions, number]>([
    [{ beyond: "120" }, 120],
    [{ beyond: "0" }, 0],
    [{ bookmark: BOOKMARK }, 120],
    [{ bookmark: BOOKMARK, beyond: "119" }, 120],
    [{ bookmark: BOOKMARK, beyond: "121" }, 121],
    [{ bookmark: bookmarkOf(`v1:${CLUSTER}:4503599627370495:1:00`) }, 2 ** 52 - 1],
  ])("sends the highest known revision of %j", async (options, beyond) => {
    const { sent, said, error } = await run({ ...options, yes: true });
    expect(error).toBeUndefined();
    expect(sent).toEqual(["/v1/operator/store?action=restored", { beyond }]);
    expect(said).toEqual(['Started generation 120.t.r at revision 121. Run "spike operator verify".']);
  });

  it.each<readonly [RestoredOptions, string]>([
    [{}, "is missing. Name it with --beyond, or a client's newest bookmark with --bookmark."],
    [{ beyond: "" }, '--beyond "" is not a revision.'],
    [{ beyond: "-1" }, '--beyond "-1" is not a revision.'],
    [{ beyond: "1e3" }, '--beyond "1e3" is not a revision.'],
    [{ beyond: "1.5", bookmark: BOOKMARK }, '--beyond "1.5" is not a revision.'],
    [{ beyond: "9007199254740992" }, '--beyond "9007199254740992" is not a revision.'],
    [{ bookmark: "" }, "--bookmark is not a bookmark."],
    [{ bookmark: "none" }, "--bookmark is not a bookmark."],
    [{ bookmark: BOOKMARK.slice(0, -3), beyond: "9" }, "--bookmark is not a bookmark."],
    [{ bookmark: ` ${BOOKMARK}` }, "--bookmark is not a bookmark."],
    [{ bookmark: bookmarkOf(`v2:${CLUSTER}:120:7:00`) }, "--bookmark is not a bookmark."],
    [{ bookmark: bookmarkOf(`v1:${CLUSTER}:-1:7:00`) }, "--bookmark is not a bookmark."],
    [{ bookmark: bookmarkOf(`v1:${CLUSTER}::7:00`) }, "--bookmark is not a bookmark."],
    [{ bookmark: bookmarkOf(`v1:${CLUSTER}:9007199254740993:7:00`) }, "--bookmark is not a bookmark."],
    [{ bookmark: encodeBase64(new Uint8Array([0xff, 0xfe, 0x00])) }, "--bookmark is not a bookmark."],
  ])("sends nothing for %j", async (options, reason) => {
    const { sent, error } = await run({ ...options, yes: true });
    expect(error).toContain("Cannot put the restored database into service: ");
    expect(error).toContain(reason);
    expect(sent).toEqual([]);
  });

  it("requires a confirmation", async () => {
    const question = "Start a new generation whose revisions and versions are above 120?";
    expect((await run({ beyond: "120" }, true)).sent).toEqual([expect.any(String), { beyond: 120 }]);
    for (const confirms of [false, undefined]) {
      const { sent, said, error } = await run({ beyond: "120" }, confirms);
      expect([sent, said]).toEqual([[], confirms === undefined ? [] : [question]]);
      expect(error).toContain("not confirmed. Nothing was changed; --yes skips the question.");
    }
  });
});
