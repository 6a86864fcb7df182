import { describe, expect, it } from "vitest";
import { readDatabaseAddress } from "./database-address.ts";

describe("readDatabaseAddress", () => {
  it.each(["http://127.0.0.1:8080", "https://example.org", "libsql://example.org"])("reads %s", (url) => {
    expect(readDatabaseAddress({ LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: "" })).toEqual({ url, authToken: undefined });
    expect(readDatabaseAddress({ LIBSQL_URL: url, LIBSQL_AUTH_TOKEN: "t" })).toEqual({ url, authToken: "t" });
  });

  it.each([
    [undefined, "it is not set"],
    ["", "it is not set"],
    ["store", "it is not a URL"],
    ["file:store.db", "it is not a libsql:, https: or http: URL"],
    ["https://hunter2@example.org", "it has credentials"],
    ["https://example.org?authToken=hunter2", "it has credentials"],
  ])("rejects %s without quoting it", (url, why) => {
    const read = (): unknown => readDatabaseAddress({ LIBSQL_URL: url });
    expect(read).toThrow(`Cannot use LIBSQL_URL: ${why}`);
    expect(read).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(read).not.toThrow("hunter2");
  });
});
