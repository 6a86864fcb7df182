import { expect, it } from "vitest";
import { sealEntry } from "../src/commit/entry.ts";
import { memoryStore } from "../src/store/memory/memory-store.ts";
import type { Store } from "../src/store/store.ts";
import { KEY_A, ringOf, testService } from "./harness/service.ts";

const PUT = "/v1/store/secrets";
const STORE_ID = "s";

/** Writes audit entries as they were before they had the numbers of versions: an outcome was `{"version":1}`. */
async function earlierStore(inner: Store): Promise<Store> {
  const ring = await ringOf(KEY_A);
  return {
    load: async (query, signal) => await inner.load(query, signal),
    async commit(change, query, signal) {
      const { keyId: _keyId, mac: _mac, ...draft } = change.audit;
      const { version } = JSON.parse(draft.outcome) as { readonly version: number };
      const audit = await sealEntry(ring, STORE_ID, { ...draft, outcome: JSON.stringify({ version }) });
      return await inner.commit({ ...change, audit }, query, signal);
    },
  };
}

it.each([
  [PUT, { path: "m", values: {} }],
  [PUT, { path: "m", values: { v: "2" }, cas: 2 }],
  [`${PUT}?action=delete`, { path: "m", versions: [1, 99] }],
  [`${PUT}?action=delete`, { path: "m" }],
  [`${PUT}?action=undelete`, { path: "m", versions: [2] }],
])("repeats the answer to a write of an earlier version of the service: %s %o (Q15, Q16)", async (target, body) => {
  const store = memoryStore({ storeId: STORE_ID, now: Date.now });
  const earlier = await testService(await earlierStore(store));
  for (const v of ["1", "2"]) await earlier.post(PUT, { path: "m", values: { v } });
  if (target.endsWith("undelete")) await earlier.post(`${PUT}?action=delete`, { path: "m", versions: [2] });
  const headers = { "Idempotency-Key": "k" };
  const { version, revision } = (await earlier.post(target, body, { headers })).body;

  const { domain, audit, ...now } = await testService(store);
  // The same caller: both services trust their own domain only.
  expect(domain.name).toBe(earlier.domain.name);
  expect(await now.post(target, body, { headers })).toMatchObject({ status: 200, body: { version, revision } });
  expect(audit.at(-1)).not.toHaveProperty("versions");
});
