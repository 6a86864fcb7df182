import type { Client, InStatement } from "@libsql/client";
import { authorityResource } from "../../src/commit/authority-row.ts";
import { memberOf } from "../../src/commit/authority/member.ts";
import { decodeNode } from "../../src/commit/authority/node.ts";
import { slotOf } from "../../src/commit/authority/slot.ts";
import { AuthorityTrie } from "../../src/commit/authority/trie.ts";
import { sealEntry } from "../../src/commit/entry.ts";
import { describeState, signState } from "../../src/commit/store-row.ts";
import { parsePattern } from "../../src/policy/pattern.ts";
import { POLICIES } from "../../src/policy/policies.ts";
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
    now = Date.now(),
  }: {
    readonly count: number;
    readonly patternsOf: PatternsOf;
    readonly name?: string;
    /** The time of the entries, by both clocks. */
    readonly now?: number;
  },
): Promise<void> {
  const load = loadOf({});
  const { store, newest } = load.snapshotOf(await client.execute(load.statement));
  const { rows } = await client.execute("SELECT content FROM authority");
  const entries = rows.flatMap(({ content }) => {
    const node = decodeNode(new Uint8Array(content as ArrayBuffer));
    return node?.kind === "leaf" ? node.entries : [];
  });
  let trie = new AuthorityTrie({ root: store.authority, nodes: [] });
  let { mac } = store;
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
        base: store.revision + n,
        epoch: store.epoch + n,
        slot: slotOf(authorityResource(POLICIES, `${name}-${n}`)).prefix,
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
      const resource = authorityResource(POLICIES, place.name);
      entries.push({ slot: slotOf(resource), member: memberOf(resource, row.sealed) });
      // No check compares the tries in between with the rows.
      if (n === count - 1) trie = AuthorityTrie.of(entries);
      const next = { ...store, epoch: place.epoch + 1, authority: trie.root, keyId: ring.primary.id };
      const entry = await sealEntry(ring, store.storeId, {
        writeId: place.writeId,
        request: new Uint8Array(32),
        // Entries that are older than those before them look as if they had been kept back.
        at: now,
        workerAt: now,
        spiffeId: "spiffe://spike.ist/spike/pilot/role/superuser",
        action: "put",
        resource: `policy:${place.name}`,
        seq: 1,
        prev: null,
        base: store.revision + n,
        anchor,
        epoch: place.epoch,
        state: mac,
        leadsTo: describeState(next),
        outcome: "{}",
        traceId: "t",
      });
      anchor = entry.mac;
      mac = await signState(ring.primary, next);
      const revision = store.revision + n + 1;
      statements.push(insert("policies", { version: revision, ...row }), insert("audit", { revision, ...entry }));
    }
    await client.batch(statements, "write");
  }
  for (let start = 0; start < trie.changes.length; start += 1000) {
    await client.batch(
      trie.changes.slice(start, start + 1000).map(({ id, content }) => ({
        sql: "INSERT INTO authority VALUES (?, ?) ON CONFLICT DO UPDATE SET content = excluded.content",
        args: [id, content],
      })),
      "write",
    );
  }
  await client.execute({
    sql: "UPDATE store SET revision = revision + ?, epoch = epoch + ?, authority = ?, key_id = ?, mac = ?",
    args: [count, count, trie.root, ring.primary.id, mac],
  });
}

function insert(table: string, row: object): InStatement {
  return {
    sql: insertSql(table, row),
    args: Object.values(row) as (string | number | null | Uint8Array)[],
  };
}
