import { expect, it } from "vitest";
import { importProxySecret, proxyHop } from "./proxy-secret.ts";

const OLD = "old-secret-of-thirty-two-letters";
const NEW = "new-secret-of-thirty-two-letters";

async function hop(presented: string | undefined, ...secrets: readonly string[]) {
  const headers = new Headers(presented === undefined ? {} : { "x-spike-proxy-secret": presented });
  return await proxyHop(headers, await Promise.all(secrets.map(importProxySecret)));
}

it("accepts any of the configured secrets (C03)", async () => {
  expect(await hop(NEW, NEW)).toBe("authentic");
  expect(await hop(OLD, NEW, OLD)).toBe("authentic");
});

it("distinguishes a wrong secret from a missing one (C03)", async () => {
  expect(await hop(undefined, NEW)).toBe("absent");
  for (const wrong of ["", "x", OLD, NEW.slice(0, -1), `${NEW}x`, `${NEW}, ${NEW}`, NEW.toUpperCase()]) {
    expect(await hop(wrong, NEW), wrong).toBe("wrong");
  }
});

it("rejects a header with a zero-padded secret, which HMAC would accept (C03)", async () => {
  expect(() => new Headers({ "x-spike-proxy-secret": `${NEW}\0` })).toThrow(TypeError);
});
