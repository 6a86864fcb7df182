import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { targetOf } from "./target.ts";

describe("targetOf", () => {
  it.each([
    ["http://edge.test/v1/a", "/v1/a", undefined],
    ["https://edge.test:8443/v1/a?action=get", "/v1/a", "action=get"],
    ["http://edge.test", "", undefined],
    ["http://edge.test?x=/y", "", "x=/y"],
    ["http://edge.test/a?", "/a", ""],
    ["http://edge.test/a?b?c/d", "/a", "b?c/d"],
    ["http://edge.test/a/../b/%2e%2E/c\\d//e;f%00?%61=%62", "/a/../b/%2e%2E/c\\d//e;f%00", "%61=%62"],
    ["http://user@a, b/c", "/c", undefined],
  ])("reads %s", (url, path, query) => {
    expect(targetOf(url)).toEqual({ path, query });
  });

  it.each(["", "/v1/a", "edge.test/a", "http:/edge.test/a", "http://edge.test/a#b", "http://edge.test/a?b#c", "*"])(
    "returns undefined for %j",
    (url) => {
      expect(targetOf(url)).toBeUndefined();
    },
  );

  it("agrees with the URL class if there is nothing to resolve", () => {
    const text = fc.stringMatching(/^[a-z0-9%;:@!$&'()*+,=_~-]{0,5}$/);
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), fc.option(text), (segments, search) => {
        const url = `http://edge.test/${segments.join("/")}${search === null ? "" : `?${search}`}`;
        fc.pre(!/%2e/i.test(url));
        const { pathname } = new URL(url);
        expect(targetOf(url)).toEqual({ path: pathname, query: search ?? undefined });
      }),
    );
  });

  it("takes linear time for long URLs", () => {
    const { user: began } = process.threadCpuUsage();
    for (const long of ["a".repeat(1e6), "/".repeat(1e6), "?".repeat(1e6), "a/?".repeat(3e5)]) {
      expect(targetOf(`http://${long}#`)).toBeUndefined();
    }
    expect(process.threadCpuUsage().user - began).toBeLessThan(200_000);
  });
});
