import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { emptyState, memoryStore } from "../src/store/memory/memory-store.ts";
import type { State } from "../src/store/memory/state.ts";
import { type TestService, testService } from "./harness/service.ts";

const SECRETS = "/v1/store/secrets";
const LONG = process.env["LONG"] === "1";

/** Rows are replaced and never changed in place, so a copy of the maps is a backup. */
const copyOf = (state: State): State => ({
  ...state,
  secrets: new Map(state.secrets),
  policies: new Map(state.policies),
  bundles: new Map(state.bundles),
  nodes: new Map(state.nodes),
});

const serve = async (state: State) => await testService(memoryStore({ storeId: "s", now: Date.now, state }));

const name = fc.constantFrom("a", "b", "c");
const write = fc.record({ verb: fc.constantFrom("put", "put", "put", "remove", "policy", "deletePolicy"), name });
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

/** What a client knows after its write: the number or row version that it sends as `cas` next. */
interface Known {
  readonly kind: "secret" | "policy";
  readonly name: Write["name"];
  readonly cas: number;
}

async function run(service: TestService, { verb, name: of }: Write, cas?: number) {
  switch (verb) {
    case "put":
      return await service.post(SECRETS, { path: of, values: {}, cas });
    case "remove":
      return await service.post(`${SECRETS}?action=remove`, { path: of, cas });
    case "policy":
      return await service.post("/v1/acl/policy", {
        name: of,
        spiffeidPattern: "^spiffe://spike\\.ist/x$",
        pathPattern: `^${of}/`,
        permissions: ["read"],
        cas,
      });
    default:
      return await service.post("/v1/acl/policy?action=delete", { id: of, cas });
  }
}

/** Applies the writes, and returns what their clients know. */
async function runAll(service: TestService, writes: readonly Write[]): Promise<readonly Known[]> {
  const known: Known[] = [];
  for (const each of writes) {
    const { status, body } = await run(service, each);
    expect([200, 404]).toContain(status);
    const cas = Number(body["version"]);
    const kind = each.verb === "put" ? "secret" : "policy";
    if (status === 200 && (each.verb === "put" || each.verb === "policy")) known.push({ kind, name: each.name, cas });
  }
  return known;
}

const revisionOf = async (service: TestService) => {
  const { body } = await service.post("/v1/audit?action=verify", {});
  expect(body["problems"]).toEqual([]);
  return Number(body["revision"]);
};

describe("a cas of a lost change", () => {
  const history = fc.array(write, { maxLength: 8 });

  it("never matches after the restored backup was put into service, whatever was written (H12)", async () => {
    const numbers = { restores: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        history,
        fc.array(fc.tuple(history, history), { minLength: 1, maxLength: 3 }),
        async (first, rounds) => {
          let state = emptyState("s");
          await runAll(await serve(state), first);
          const lost: Known[] = [];
          let highest = 0;
          for (const [before, after] of rounds) {
            const backup = copyOf(state);
            const lostService = await serve(state);
            const lostWrites = await runAll(lostService, before);
            highest = Math.max(highest, await revisionOf(lostService));
            lost.push(...lostWrites);
            state = backup;
            const service = await serve(state);
            const restored = await service.post("/v1/operator/store?action=restored", { beyond: highest });
            expect([restored.status, restored.body["revision"]]).toEqual([200, highest + 1]);
            numbers.restores += 1;
            for (let n = 0; n <= after.length; n += 1) {
              for (const { kind, name: of, cas } of lost) {
                const verbs = kind === "secret" ? (["put", "remove"] as const) : (["policy", "deletePolicy"] as const);
                for (const verb of verbs) {
                  const { status } = await run(service, { verb, name: of }, cas);
                  expect([verb, of, cas, status >= 400 && status < 500]).toEqual([verb, of, cas, true]);
                  numbers.refused += 1;
                }
              }
              const next = after[n];
              if (next !== undefined) await runAll(service, [next]);
            }
            highest = Math.max(highest, await revisionOf(service));
          }
        },
      ),
      { numRuns: LONG ? 300 : 25, ...(LONG ? {} : { seed: 19 }) },
    );
    expect(numbers.restores).toBeGreaterThan(25);
    expect(numbers.refused).toBeGreaterThan(500);
  });
});
