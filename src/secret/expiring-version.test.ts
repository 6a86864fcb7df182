import { beforeEach, describe, expect, it } from "vitest";
import { PATIENT } from "../../test/harness/attempts.ts";
import { KEY_A, ringOf } from "../../test/harness/service.ts";
import { UNRESTRICTED } from "../store/access.ts";
import { memoryStore } from "../store/memory/memory-store.ts";
import type { Store } from "../store/store.ts";
import { getSecret } from "./get.ts";
import { getMetadata } from "./metadata.ts";
import { putSecret } from "./put.ts";
import type { SecretDeps } from "./deps.ts";
import { parseSecretPath } from "./secret-path.ts";
import { addVersion } from "./versions.ts";
import { type WriteRequest, writeSecret } from "./write.ts";

/** Versions with a deletion time in the future. No operation sets one yet, but rows and reads support them. */
describe("a version that expires", () => {
  const path = parseSecretPath("a")!;
  const request: WriteRequest = {
    caller: "spiffe://x/y",
    path,
    cas: undefined,
    idempotencyKey: undefined,
    traceId: "t",
  };
  const END = 1_800_000_000_500;
  let clock: number;
  let store: Store;
  let deps: SecretDeps;
  beforeEach(async () => {
    clock = END - 500;
    store = memoryStore({ storeId: "s", now: () => clock });
    const attempts = { ...PATIENT, now: () => clock };
    const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
    deps = { store, ring: await ringOf(KEY_A), attempts, randomBytes, keptVersions: 10, access: UNRESTRICTED };
    await putSecret(deps, { ...request, text: '{"v":"1"}' });
    await writeSecret(deps, request, {
      action: "put",
      body: [],
      decide(secret, { writeId, now }) {
        const state = { number: 2, writeId, createdAt: now, deletedAt: END, destroyedAt: null };
        return {
          ok: true,
          outcome: { version: 2, versions: [2] },
          edit: { ...addVersion(secret!.versions, state, 10), added: { state, text: '{"v":"2"}' } },
        };
      },
    });
  });
  const get = async (number = 0) => {
    const result = await getSecret(deps, { path, number });
    return result.ok ? result.answer.text : result.failure.code;
  };

  it("is current until it expires, and then the highest live version is", async () => {
    clock = END - 1;
    expect([await get(), await get(2)]).toEqual(['{"v":"2"}', '{"v":"2"}']);
    clock = END;
    expect([await get(), await get(2)]).toEqual(['{"v":"1"}', "not_found"]);
    expect(await getMetadata(deps, { path, number: 0 })).toMatchObject({ answer: { current: 1, oldest: 1 } });
  });

  it("keeps its number and may leave no current version", async () => {
    clock = END;
    expect(await putSecret(deps, { ...request, text: "{}" })).toMatchObject({ answer: { version: 3 } });
    expect(await get()).toBe("{}");
  });
});
