import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { type Bookmark, parseBookmark } from "./bookmark.ts";
import { HttpTransport } from "./http-transport.ts";

const textOf = (revision: number, cluster = "ab-cd") =>
  Buffer.from(`v1:${cluster}:${revision}:1:00`).toString("base64");
const bookmarkOf = (revision: number): Bookmark => parseBookmark(textOf(revision))!;

interface Reply {
  readonly status?: number;
  readonly bookmark?: string;
  readonly body?: string;
}

/** Sends one get for each reply of the service. */
async function exchange(replies: readonly Reply[], bookmarks?: readonly Bookmark[]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((incoming, outgoing) => {
    const { status = 200, bookmark, body = '{"data":{"value":"v"}}' } = replies[requests.length] ?? {};
    requests.push(incoming);
    outgoing.writeHead(status, bookmark === undefined ? {} : { "Spike-Bookmark": bookmark }).end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const transport = new HttpTransport(() => 0);
  onTestFinished(() => {
    transport.close();
    server.close();
  });
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  const options = { url, worker: 0, trace: "0".repeat(32), token: "t", key: undefined, bookmarks };
  const kept: number[] = [];
  const exchanges = [];
  for (const _ of replies) {
    const request = { kind: "get", path: "a", number: 0 } as const;
    exchanges.push(
      await transport.send(request, { ...options, disconnectAfterMs: undefined }, ({ revision }) =>
        kept.push(revision),
      ),
    );
  }
  return { exchanges, kept, sent: requests.map(({ headers }) => headers["spike-bookmark"]) };
}

it("sends bookmarks and records the highest revision", async () => {
  const { exchanges, kept, sent } = await exchange([{ bookmark: textOf(9) }], [bookmarkOf(7), bookmarkOf(3)]);
  expect(sent).toEqual([`${textOf(7)}, ${textOf(3)}`]);
  expect(exchanges).toMatchObject([{ status: 200, sentBookmark: 7, receivedBookmark: 9 }]);
  expect(kept).toEqual([9]);
});

it("requests a bookmark, and sends no header without one", async () => {
  expect(await exchange([{}], [])).toMatchObject({ sent: ["none"], exchanges: [{ sentBookmark: 0 }] });
  const { exchanges, sent } = await exchange([{}]);
  expect(sent).toEqual([undefined]);
  expect(exchanges[0]).not.toHaveProperty("sentBookmark");
});

it("reports a malformed bookmark, and one of another store, as a malformed response", async () => {
  const { exchanges, kept } = await exchange([
    { bookmark: "v1" },
    { bookmark: textOf(1) },
    { bookmark: textOf(2, "ab-ef") },
  ]);
  expect(exchanges.map(({ status }) => status)).toEqual([418, 200, 418]);
  expect(kept).toEqual([1]);
});

it.each([
  [409, "store_replaced"],
  [409, "other_store"],
  [503, "store_behind"],
  [500, "store_went_back"],
])("records %i %s", async (status, err) => {
  const { exchanges } = await exchange([{ status, body: JSON.stringify({ err }) }], [bookmarkOf(1)]);
  expect(exchanges).toMatchObject([{ status, bookmarkError: err }]);
});
