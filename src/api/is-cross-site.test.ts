import { expect, it } from "vitest";
import { isCrossSite } from "./is-cross-site.ts";

const requestOf = (url: string, headers: Readonly<Record<string, string>>) => new Request(url, { headers });

it.each([
  ["https://edge.test/x", "https://edge.test"],
  ["https://edge.test:8443/x", "https://edge.test:8443"],
  ["https://edge.test:443/x", "https://edge.test"],
  // A proxy terminates TLS and passes on the Host.
  ["http://edge.test/x", "https://edge.test"],
  ["http://edge.test:8443/x", "https://edge.test:8443"],
  ["http://edge.test:443/x", "https://edge.test"],
  ["http://[::1]:8443/x", "https://[::1]:8443"],
  ["https://[0:0:0:0:0:0:0:1]/x", "https://[::1]"],
  ["https://EDGE.test/x", "https://edge.test"],
  ["https://bücher.example/x", "https://xn--bcher-kva.example"],
])("a request to %s from %s is not cross-site (Q35)", (url, origin) => {
  expect(isCrossSite(requestOf(url, { origin }))).toBe(false);
  expect(isCrossSite(requestOf(url, { origin, "sec-fetch-site": "same-origin" }))).toBe(false);
});

it.each([
  ["https://edge.test:8443/x", "https://edge.test"],
  ["https://edge.test:8443/x", "https://edge.test:8444"],
  ["http://edge.test:8443/x", "http://edge.test:8443"],
  ["http://[::1]:8443/x", "https://[::1]"],
  ["http://[::1]/x", "https://[::2]"],
  ["https://edge.test./x", "https://edge.test"],
  ["https://127.0.0.1/x", "https://localhost"],
])("a request to %s from %s is cross-site (Q35)", (url, origin) => {
  expect(isCrossSite(requestOf(url, { origin }))).toBe(true);
});
