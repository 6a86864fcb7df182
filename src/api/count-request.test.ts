import { expect, it } from "vitest";
import { addressOf } from "./count-request.ts";

const of = (address: string | undefined) =>
  addressOf(
    new Request("http://edge.test/", { headers: address === undefined ? {} : { "cf-connecting-ip": address } }),
  );

it("uses the address as the key for IPv4, and one key for all requests without an address", () => {
  expect(of("192.0.2.1")).toBe("192.0.2.1");
  expect(of(undefined)).toBe("unknown");
});

it.each([
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:DB8:1:2::6", "2001:db8:1:2::/64"],
  ["2001:0db8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["2001:db8:0:0:1::", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["fe80::1:2:3:4", "fe80:0:0:0::/64"],
])("uses the /64 network as the key for IPv6: %s", (address, network) => {
  expect(of(address)).toBe(network);
});
