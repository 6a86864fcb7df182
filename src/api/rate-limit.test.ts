import { expect, it } from "vitest";
import { addressOf } from "./rate-limit.ts";

const of = (address: string | undefined) =>
  addressOf(
    new Request("http://edge.test/", { headers: address === undefined ? {} : { "cf-connecting-ip": address } }),
  );

it("counts IPv4 by address, and whoever has none together", () => {
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
])("counts IPv6 by the network that one customer has: %s", (address, network) => {
  expect(of(address)).toBe(network);
});
