import { describe, expect, it } from "vitest";
import type { Query } from "../../store.ts";
import { loadOf } from "./load.ts";
import type { PartName } from "./part.ts";
import { PART_NAMES, PARTS } from "./parts.ts";

const OUTDATED = { keyId: "k", after: { keyId: "", name: "" }, limit: 1 } as const;

/** Every form of every part. */
const FORMS: { readonly [Name in PartName]: readonly NonNullable<Query[Name]>[] } = {
  secret: [
    { path: "p", version: "current" },
    { path: "p", version: "none" },
    { path: "p", version: 1 },
  ],
  paths: [
    { prefix: "", after: "", limit: 1 },
    { prefix: "", after: "", limit: 1, within: [["p", "q"]], since: 1 },
  ],
  grants: [{ idTags: [Uint8Array.of(1)], pathTags: [], limit: 1 }],
  trust: [
    { trustDomain: "d", slot: 1 },
    { trustDomain: "d", keyId: "k", slot: 1 },
  ],
  identityGrants: [{ idTags: [], limit: 1 }],
  policy: [{ name: "n", slot: 1 }],
  policies: [{ after: "", limit: 1 }],
  bundle: [{ trustDomain: "d", slot: 1 }],
  bundles: [{ after: "", limit: 1 }],
  audit: [
    { after: 0, limit: 1 },
    { after: 0, limit: 1, resource: "r", upTo: 1, spiffeId: "s", from: 1, until: 1, aboveFloor: true },
  ],
  auditContext: [{ after: 0, limit: 1 }],
  acknowledgements: [{}],
  authorityEntries: [{ limit: 1 }],
  secrets: [{ after: "", limit: 1 }],
  policiesWithTails: [{ after: "", limit: 1 }],
  bundlesWithTails: [{ after: "", limit: 1 }],
  headless: [{ after: "", limit: 1 }],
  rowless: [{ after: "", limit: 1 }],
  level: [{ after: 0, depth: 0, limit: 1 }],
  chain: [{ resource: "r" }],
  entryMacs: [{ revisions: [1, 2] }],
  heartbeat: [{}],
  keyUse: [{}],
  keyCounts: [{}],
  outdatedSecrets: [OUTDATED],
  outdatedPolicies: [OUTDATED],
  outdatedBundles: [OUTDATED],
};

const formsOf = <Name extends PartName>(name: Name) => FORMS[name].map((asked) => PARTS[name](asked));

describe("a load", () => {
  it.each(PART_NAMES.flatMap((name) => FORMS[name].map((asked) => [name, asked] as const)))(
    "has a value for every placeholder of %s: %j",
    (name, asked) => {
      const { sql, args } = loadOf({ [name]: asked }).statement;
      const places = new Set(sql.match(/:[a-z]\w*/gi)?.map((place) => place.slice(1)));
      expect(Object.keys(args).toSorted()).toEqual([...places].toSorted());
    },
  );

  it("sends integers, texts and NULL, and never a float", () => {
    const { args } = loadOf({ grants: FORMS.grants[0]!, audit: FORMS.audit[1]! }).statement;
    expect(args).toMatchObject({ always: 1n, grantLimit: 2n, idTags: '["01"]', auditAboveFloor: 1n, upTo: 1n });
    expect(Object.values(args).filter((value) => typeof value === "number" || typeof value === "boolean")).toEqual([]);
  });

  it("shares no placeholder between two parts: a query may ask for both", () => {
    const places = PART_NAMES.flatMap((name) => [
      ...new Set(
        formsOf(name).flatMap(({ columns, slots }) => [
          ...columns.flatMap((column) => column.places),
          ...(slots?.places ?? []),
        ]),
      ),
    ]);
    expect(new Set(places).size).toBe(places.length);
  });

  it("names its columns, so that the server does not send their SQL back", () => {
    const { sql } = loadOf({ secret: { path: "p", version: 1 } }).statement;
    expect(sql).toMatch(/^select '\[' \|\| .* \|\| '\]' as j, .* as b0 from store /);
  });

  const store = [["s", 0, 0, 2, 0, "00".repeat(16), "", 0, null, null], 1, null];
  const rows = (...row: readonly unknown[]) => ({ rows: [row] as never });

  it("requires one row, with the JSON values that it asked for", () => {
    const load = loadOf({});
    for (const found of [[], [[], []], [[7]], [["{"]], [["{}"]], [["[1]"]], [[null]]]) {
      expect(() => load.snapshotOf({ rows: found as never })).toThrow(expect.objectContaining({ reason: "malformed" }));
    }
  });

  it("behind a winning commit gives no snapshot", () => {
    const load = loadOf({});
    expect(load.snapshotOf(rows(JSON.stringify([1, store, []])))).toMatchObject({ now: 1, newest: null, keys: [] });
    const unneeded = rows(JSON.stringify([0, store, []]));
    expect(() => load.snapshotOf(unneeded)).toThrow("malformed");
    expect(load.winOf(unneeded)).toMatchObject({ store: { storeId: "s", revision: 0 } });
  });
});
