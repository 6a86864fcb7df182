import type { Client, InStatement } from "@libsql/client";
import { sealEntry } from "../../src/commit/entry.ts";
import { nextAuthority } from "../../src/commit/store-row.ts";
import { parsePattern } from "../../src/policy/pattern.ts";
import { sealPolicy } from "../../src/policy/seal-policy.ts";
import type { KeyRing } from "../../src/seal/key-ring.ts";
import { insertSql } from "./insert-sql.ts";
import { loadOf } from "../../src/store/libsql/load/load.ts";

/** Patterns of policy number `n`. */
export type PatternsOf = (n: number) => { readonly spiffeIdPattern: string; readonly pathPattern: string };

/**
 * Stores policies `NAME-0` to `NAME-(count - 1)` with their audit entries, exactly as that many commits would, but in a
 * fraction of the time. The store must not be empty.
 */
export async function storeManyPolicies(
  { client, ring }: { readonly client: Client; readonly ring: KeyRing },
  {
    count,
    patternsOf,
    name = "many",
  }: { readonly count: number; readonly patternsOf: PatternsOf; readonly name?: string },
): Promise<void> {
  const load = loadOf({});
  const { store, newest } = load.snapshotOf(await client.execute(load.statement));
  let anchor = newest;
  for (let start = 0; start < count; start += 500) {
    const statements: InStatement[] = [];
    for (let n = start; n < Math.min(count, start + 500); n += 1) {
      const { spiffeIdPattern, pathPattern } = patternsOf(n);
      const [spiffeId, path] = [parsePattern("spiffeId", spiffeIdPattern), parsePattern("path", pathPattern)];
      if (!spiffeId.ok || !path.ok) throw new Error(`policy ${n} has an invalid pattern`);
      const place = {
        name: `${name}-${n}`,
        writeId: `${name}${n}`,
        epoch: store.epoch + n,
        createdAt: n,
        updatedAt: n,
      };
      const row = await sealPolicy(
        { ring, randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)) },
        {
          spiffeIdPattern,
          pathPattern,
          permissions: ["read", "write"],
          idKey: spiffeId.pattern.key,
          pathKey: path.pattern.key,
        },
        { storeId: store.storeId, ...place },
      );
      const entry = await sealEntry(ring, store.storeId, {
        writeId: place.writeId,
        request: new Uint8Array(32),
        at: n,
        spiffeId: "spiffe://spike.ist/spike/pilot/role/superuser",
        action: "put",
        resource: `policy:${place.name}`,
        seq: 1,
        prev: null,
        base: store.revision + n,
        anchor,
        epoch: place.epoch,
        outcome: "{}",
        traceId: "t",
      });
      anchor = entry.mac;
      const revision = store.revision + n + 1;
      statements.push(insert("policies", { version: revision, ...row }), insert("audit", { revision, ...entry }));
    }
    await client.batch(statements, "write");
  }
  const last = { ...store, revision: store.revision + count, epoch: store.epoch + count - 1 };
  const { keyId, mac } = await nextAuthority(ring, last);
  await client.execute({
    sql: "UPDATE store SET revision = ?, epoch = ?, key_id = ?, mac = ?",
    args: [last.revision, last.epoch + 1, keyId, mac],
  });
}

function insert(table: string, row: object): InStatement {
  return {
    sql: insertSql(table, row),
    args: Object.values(row) as (string | number | null | Uint8Array)[],
  };
}
