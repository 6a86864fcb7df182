import { describe, expect, test } from "vitest";
import { roleOf, type TrustRoots } from "./role.ts";
import { parseSpiffeId, parseTrustDomain } from "./spiffe-id.ts";

const domains = (...names: readonly string[]) => names.map((name) => parseTrustDomain(name)!);

const roots: TrustRoots = {
  pilot: domains("pilot.org", "second.org"),
  nexus: domains("nexus.org"),
  bootstrap: domains("boot.org"),
  liteWorkload: domains("lite.org"),
};

describe("roleOf", () => {
  test.each([
    ["spiffe://pilot.org/spike/pilot/role/superuser", "superuser"],
    ["spiffe://second.org/spike/pilot/role/superuser", "superuser"],
    ["spiffe://pilot.org/spike/pilot/role/recover", "recover"],
    ["spiffe://pilot.org/spike/pilot/role/restore", "restore"],
    ["spiffe://nexus.org/spike/nexus", "nexus"],
    ["spiffe://boot.org/spike/bootstrap", "bootstrap"],
    ["spiffe://lite.org/spike/workload/role/lite", "lite"],
    ["spiffe://nexus.org/spike/nexus/pod-1", "nexus"],
    ["spiffe://pilot.org/spike/pilot/role/superuser/a/b", "superuser"],
  ])("returns the role of %s: %s", (id, role) => {
    expect(roleOf(parseSpiffeId(id)!, roots)).toBe(role);
  });

  test.each([
    ["another trust domain", "spiffe://evil.org/spike/pilot/role/superuser"],
    ["the root of another role", "spiffe://nexus.org/spike/pilot/role/superuser"],
    ["a domain with a root as prefix", "spiffe://pilot.org.evil.org/spike/pilot/role/superuser"],
    ["a domain with a root as suffix", "spiffe://xpilot.org/spike/pilot/role/superuser"],
    ["a path with a role's path as prefix", "spiffe://nexus.org/spike/nexus-2"],
    ["a parent path", "spiffe://pilot.org/spike/pilot/role"],
    ["a role's path at a deeper level", "spiffe://pilot.org/x/spike/pilot/role/superuser"],
    ["another case (ID16)", "spiffe://nexus.org/spike/Nexus"],
    ["no path", "spiffe://nexus.org"],
    ["a keeper, which this service does not serve", "spiffe://nexus.org/spike/keeper"],
  ])("returns no role for %s", (_case, id) => {
    expect(roleOf(parseSpiffeId(id)!, roots)).toBeUndefined();
  });

  test("returns no role if no roots are configured", () => {
    const noRoots = { pilot: [], nexus: [], bootstrap: [], liteWorkload: [] };
    expect(roleOf(parseSpiffeId("spiffe://spike.ist/spike/pilot/role/superuser")!, noRoots)).toBeUndefined();
  });
});
