import { expect, it } from "vitest";
import { parseEndpointUrl } from "./endpoint.ts";

it.each([
  "https://example.org",
  "https://example.org/bundle.json?x=1",
  "https://example.org:8443/a/b",
  "https://10.0.0.1/x",
  "https://[::1]/x",
  "https://example.org/@x",
])("accepts %s unchanged (F03)", (text) => {
  expect(parseEndpointUrl(text)).toBe(text);
});

it.each([
  "",
  "example.org",
  "http://example.org/",
  "HTTPS://example.org/",
  "spiffe://example.org/",
  "file:///etc/passwd",
  "javascript:alert(1)",
  "https://",
  "https:///x",
  "https:example.org",
  "https://user@example.org/",
  "https://user:secret@example.org/",
  "https://:secret@example.org/",
  "https://@example.org/",
  String.raw`https://example.org\@evil.org/`,
  "https://example.org/#part",
  "https://example.org/#",
  " https://example.org/",
  "https://example.org/ ",
  "https://exa mple.org/",
  "https://example.org/\n",
  "https://exämple.org/",
  `https://example.org/${"x".repeat(2048)}`,
])("refuses %j (F03)", (text) => {
  expect(parseEndpointUrl(text)).toBeUndefined();
});
