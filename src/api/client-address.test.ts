import { expect, it } from "vitest";
import { clientAddress } from "./client-address.ts";

const of = (address: string) =>
  clientAddress(new Request("http://edge.test/", { headers: { "cf-connecting-ip": address } }));

it.each([
  "192.0.2.1",
  "0.0.0.0",
  "255.255.255.255",
  "2001:db8:1:2:3:4:5:6",
  "2001:DB8::1",
  "2001:0db8:0001:0002:ffff:ffff:ffff:ffff",
  "::",
  "::1",
  "fe80::1",
  "::ffff:192.0.2.1",
])("returns the whole address: %s (Q16)", (address) => {
  expect(of(address)).toBe(address);
});

it.each([
  "",
  "unknown",
  "192.0.2",
  "192.0.2.1.1",
  "192.0.2.1.",
  "192.0.2.256",
  "192.0.2.01a",
  "192.0.2.1:443",
  "192.0.2.1, 192.0.2.2",
  "0x7f.1",
  "1",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "12345::",
  "g::1",
  "fe80::1%eth0",
  "[::1]",
  "::1]/canary",
  "canary",
])("returns nothing for other text: %j (Q16)", (address) => {
  expect(of(address)).toBeUndefined();
});

it("returns nothing without the header", () => {
  expect(clientAddress(new Request("http://edge.test/"))).toBeUndefined();
});
