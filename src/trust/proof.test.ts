import { beforeEach, describe, expect, it } from "vitest";
import { testDomain } from "../../test/harness/identity.ts";
import { KEY_A, ringOf, testService } from "../../test/harness/service.ts";
import { verifyStore } from "../commit/store-row.ts";
import type { Claim } from "../identity/claim.ts";
import { parseSpiffeId } from "../identity/spiffe-id.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import { type Access, UNRESTRICTED } from "../store/access.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { AnySnapshot } from "../store/store.ts";
import { proofOf } from "./proof.ts";

describe("a claim that a stored bundle proved", () => {
  let ring: KeyRing;
  let access: Access;
  let load: () => Promise<AnySnapshot>;
  let proofs: number;
  beforeEach(async () => {
    ring = await ringOf(KEY_A);
    const store = memoryStore({ storeId: "s", now: Date.now });
    const service = await testService(store, { ring });
    const { bundle } = await testDomain("partner.org");
    for (const trustDomain of ["other.org", "partner.org"]) {
      expect((await service.post("/v1/trust/bundle", { trustDomain, bundle })).status).toBe(200);
    }
    const id = parseSpiffeId("spiffe://partner.org/w")!;
    proofs = 0;
    const claim: Claim = {
      id,
      trustDomain: "partner.org" as Claim["trustDomain"],
      signedBy: { keyId: "k1", algorithm: "ES256" },
      refusalBy: async () => await Promise.resolve(undefined),
    };
    const proof = proofOf(ring, claim, {
      proved: async () => await Promise.resolve(void (proofs += 1)),
      refused: () => undefined,
      report: () => undefined,
    });
    access = proof.access(UNRESTRICTED);
    load = async () => await store.load(access.query, new AbortController().signal);
  });

  const rests = [{ table: "trust_bundles", name: "partner.org", version: 2 }];

  it("pins the bundle that proved it, also in a later snapshot of the epoch that shows none or another one", async () => {
    const snapshot = await load();
    await verifyStore(ring, snapshot);
    expect(await access.permits(snapshot)).toEqual(rests);
    const row = snapshot.trust!.row!;
    for (const shown of [undefined, { ...row, trustDomain: "other.org", version: 1 }, { ...row, version: 9 }]) {
      expect(await access.permits({ ...snapshot, trust: { row: shown } })).toEqual(rests);
    }
    expect(proofs).toBe(1);
  });

  it("is proved again if the root of the authority trie is another one in the same epoch", async () => {
    const snapshot = await load();
    expect(await access.permits(snapshot)).toEqual(rests);
    const forked = { ...snapshot, store: { ...snapshot.store, authority: new Uint8Array(16) } };
    expect(await access.permits(forked)).toBeUndefined();
  });
});
