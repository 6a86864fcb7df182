import { describe, expect, it } from "vitest";
import type { BulkStore, Change } from "../../src/store/store.ts";
import { auditOf, bundleOf, bytes, creation, never, policyOf, PINS, update } from "./rows.ts";

/** The part of the store contract about lists that do not fit into one load. */
export function pageContract(store: () => BulkStore, commit: (change: Change) => Promise<unknown>): void {
  describe("a page", () => {
    it.each([
      [1, true],
      [2, true],
      [3, false],
      [9, false],
    ])("of %i says whether its list goes on: %s", async (limit, more) => {
      for (const name of ["a", "b", "c"]) {
        await commit(creation(`w-${name}`, { path: name }));
        const policy = { kind: "create", row: policyOf(name, `p-${name}`) } as const;
        await commit({ audit: auditOf(`p-${name}`, { resource: `policy:${name}` }), tail: 0, ...PINS, policy });
        const bundle = { kind: "create", row: bundleOf(name, `b-${name}`) } as const;
        await commit({ audit: auditOf(`b-${name}`, { resource: `bundle:${name}` }), tail: 0, ...PINS, bundle });
      }
      const tags = { idTags: [bytes(10)], pathTags: [bytes(20)], limit };
      const outdated = { keyId: "other", after: { keyId: "", name: "" }, limit };
      const found = await store().load(
        {
          paths: { prefix: "", after: "", limit },
          grants: tags,
          identityGrants: tags,
          policies: { after: "", limit },
          bundles: { after: "", limit },
          audit: { after: 6, limit },
          outdatedSecrets: outdated,
          outdatedPolicies: outdated,
          outdatedBundles: outdated,
        },
        never,
      );
      const within = { prefix: "", after: "", limit, within: [["a", "z"]] } as const;
      const scoped = (await store().load({ paths: within }, never)).paths;
      const { paths, grants, identityGrants, policies, bundles, audit } = found;
      const { outdatedSecrets, outdatedPolicies, outdatedBundles } = found;
      const pages = { paths, scoped, grants, identityGrants, policies, bundles, audit };
      for (const [name, page] of Object.entries({ ...pages, outdatedSecrets, outdatedPolicies, outdatedBundles })) {
        expect([page.rows.length, page.more], name).toEqual([Math.min(limit, 3), more]);
      }
    });

    it("of many long paths has as many as fit, and the next one continues it", async () => {
      const paths = Array.from({ length: 3500 }, (_, n) => `${String(n).padStart(6, "0")}${"x".repeat(494)}`);
      for (let start = 0; start < paths.length; start += 500) {
        const changes = paths.slice(start, start + 500).map((path) => creation(`w-${path.slice(0, 6)}`, { path }));
        await store().commitEach(changes, {}, never);
      }
      const found: string[] = [];
      for (let more = true; more;) {
        const { paths: page } = await store().load(
          { paths: { prefix: "", after: found.at(-1) ?? "", limit: 10_000 } },
          never,
        );
        expect(page.rows.length).toBeGreaterThan(0);
        expect(page.rows.length).toBeLessThan(3500);
        found.push(...page.rows);
        ({ more } = page);
      }
      expect(found).toEqual(paths);
    });

    it("of paths says whether a secret was created or removed after a revision", async () => {
      const changed = async (since?: number) => {
        const asked = { prefix: "", after: "", limit: 9, ...(since !== undefined && { since }) };
        return (await store().load({ paths: asked }, never)).paths.changed;
      };
      await commit(creation("w1"));
      await commit(update("w2", 1, { head: { born: "w1" } }));
      await commit({ audit: auditOf("w3", { resource: "policy:p" }), tail: 0, ...PINS });
      expect([await changed(), await changed(0), await changed(1), await changed(3)]).toEqual([
        false,
        true,
        false,
        false,
      ]);
      await commit(creation("w4", { path: "b" }));
      expect([await changed(3), await changed(4)]).toEqual([true, false]);
      const secret = { kind: "remove", path: "a" } as const;
      await commit({ audit: auditOf("w5", { action: "remove" }), tail: 2, ...PINS, secret });
      expect([await changed(4), await changed(5)]).toEqual([true, false]);
      await commit(creation("w6", { tail: 5, ...PINS }));
      expect([await changed(5), await changed(6)]).toEqual([true, false]);
    });
  });
}
