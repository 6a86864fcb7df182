import { expect, it } from "vitest";
import { KEY_A, ringOf } from "../../test/harness/service.ts";
import { verifyMac, computeMac } from "../seal/mac.ts";
import type { BundleValues } from "../store/rows.ts";
import { bundleContext } from "./bundle-record.ts";

it("the MAC of a stored bundle covers every column and the store", async () => {
  const { primary } = await ringOf(KEY_A);
  const row: Omit<BundleValues, "mac"> = {
    trustDomain: "example.org",
    writeId: "w",
    base: 2,
    epoch: 1,
    slot: 7,
    bundle: '{"keys":[]}',
    sequence: "18446744073709551616",
    endpointUrl: "https://example.org/bundle",
    endpointProfile: "https_web",
    refreshHint: 300,
    fetchedAt: 9,
    keyId: "a",
  };
  const mac = await computeMac(primary, bundleContext("s", row));
  expect(await verifyMac(primary, bundleContext("s", row), mac)).toBe(true);
  const others: readonly Partial<typeof row>[] = [
    { trustDomain: "example.com" },
    { writeId: "x" },
    { base: 3 },
    { epoch: 2 },
    { bundle: "{}" },
    { sequence: null },
    { endpointUrl: null },
    { endpointProfile: null },
    { refreshHint: null },
    { fetchedAt: null },
    { keyId: "b" },
    { endpointUrl: row.endpointProfile, endpointProfile: row.endpointUrl },
  ];
  for (const other of others) {
    expect(await verifyMac(primary, bundleContext("s", { ...row, ...other }), mac), JSON.stringify(other)).toBe(false);
  }
  expect(await verifyMac(primary, bundleContext("t", row), mac)).toBe(false);
});
