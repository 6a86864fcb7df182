import { expect, it } from "vitest";
import { importProxySecret, proxyHop } from "./proxy-secret.ts";

const OLD = "old-secret-of-thirty-two-letters";
const NEW = "new-secret-of-thirty-two-letters";

async function hop(presented: string | undefined, ...secrets: readonly string[]) {
  const headers = new Headers(presented === undefined ? {} : { "x-spike-proxy-secret": presented });
  return await proxyHop(headers, await Promise.all(secrets.map(importProxySecret)));
}

it("C03 knows the proxy by any of its secrets", async () => {
  expect(await hop(NEW, NEW)).toBe("authentic");
  expect(await hop(OLD, NEW, OLD)).toBe("authentic");
});

it("C03 tells a wrong secret from none", async () => {
  expect(await hop(undefined, NEW)).toBe("absent");
  for (const wrong of ["", "x", OLD, NEW.slice(0, -1), `${NEW}x`, `${NEW}, ${NEW}`, NEW.toUpperCase()]) {
    expect(await hop(wrong, NEW), wrong).toBe("wrong");
  }
});

it("C03 a key padded with zeros, which is the same to HMAC, can't be sent in a header", async () => {
  expect(() => new Headers({ "x-spike-proxy-secret": `${NEW}\0` })).toThrow(TypeError);
});
