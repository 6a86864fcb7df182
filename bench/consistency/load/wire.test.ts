import { describe, expect, it } from "vitest";
import type { Request } from "../history/history.ts";
import { parseResult, encodeRequest } from "./wire.ts";

const get: Request = { kind: "get", path: "a", number: 0 };
const metadata: Request = { kind: "metadata", path: "a" };

describe("the wire format", () => {
  it("encodes requests as the SPIKE Nexus API expects them", () => {
    expect(encodeRequest({ kind: "put", path: "a", value: "v", cas: 0 })).toEqual({
      target: "/v1/store/secrets",
      body: { path: "a", values: { value: "v" }, cas: 0 },
    });
    expect(encodeRequest({ kind: "delete", path: "a", numbers: [] })).toEqual({
      target: "/v1/store/secrets?action=delete",
      body: { path: "a" },
    });
    expect(encodeRequest({ kind: "grant", team: "red", permissions: ["read"] }).body).toEqual({
      name: "red",
      spiffeidPattern: String.raw`^spiffe://spike\.ist/team/red$`,
      pathPattern: "^team/red/",
      permissions: ["read"],
    });
  });

  it("parses responses", () => {
    expect(parseResult(get, '{"data":{"value":"v"}}')).toEqual({ kind: "value", value: "v" });
    const text = JSON.stringify({
      versions: {
        "10": { version: 10, createdTime: "1970-01-01T00:00:01Z", deletedTime: null },
        "9": { version: 9, createdTime: "1970-01-01T00:00:00.5Z", deletedTime: "1970-01-01T00:00:02Z" },
      },
      metadata: { currentVersion: 10, oldestVersion: 10 },
    });
    const versions = [
      { number: 9, createdAt: 500, deletedAt: 2000 },
      { number: 10, createdAt: 1000, deletedAt: null },
    ];
    expect(parseResult(metadata, text)).toEqual({ kind: "metadata", current: 10, oldest: 10, versions });
  });

  it.each<[Request, string]>([
    [get, "{}"],
    [get, '{"data":{"value":1}}'],
    [get, '{"data":'],
    [metadata, '{"versions":{"1":{}},"metadata":{"currentVersion":1,"oldestVersion":1}}'],
    [metadata, '{"versions":null,"metadata":{"currentVersion":1,"oldestVersion":1}}'],
    [{ kind: "list", prefix: "" }, '{"keys":[1]}'],
    [{ kind: "revoke", team: "red" }, '{"version":0}'],
  ])("rejects a response to %o: %s", (request, text) => {
    expect(parseResult(request, text)).toBeUndefined();
  });
});
