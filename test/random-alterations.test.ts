import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Alteration, alterationFrom, CHOICES } from "./alterations/alteration.ts";
import { createWorld, type World } from "./alterations/world.ts";
import type { TestAnswer } from "./harness/service.ts";
import { mustSkip } from "./harness/test-databases.ts";

const LONG = process.env["LONG"] === "1";
const RUNS = LONG ? 10_000 : 150;

/**
 * What an alteration led to. `refused`: a request that is affected fails, and all others are as before. `reported`: answers
 * differ in another way, or none does, and a verification finds it. `without effect`: nothing differs.
 */
type Outcome = "refused" | "reported" | "without effect";

const TITLE = "is refused, reported, or without effect";

describe.skipIf(mustSkip("the development server", TITLE))("any alteration of the stored rows", () => {
  let world: World;
  let usual: ReadonlyMap<string, TestAnswer>;
  beforeAll(async () => {
    world = await createWorld();
    usual = await world.probe();
    expect(await world.isReported()).toBe(false);
  });
  afterAll(() => world.close());

  const judge = async ({ title, tables }: Alteration): Promise<Outcome> => {
    const isStored = await world.write(tables).then(
      () => true,
      () => false,
    );
    // The schema does not accept the rows, for example a NULL.
    if (!isStored) return "without effect";
    const answers = await world.probe();
    const changes = [...usual].flatMap(([name, before]) => {
      const after = answers.get(name);
      if (after === undefined) throw new Error(`no answer to "${name}"`);
      return after.status === before.status && after.text === before.text ? [] : [{ name, before, after }];
    });
    const isRefusal = ({ after }: (typeof changes)[number]) => [500, 503, 401].includes(after.status);
    const other = changes.find((change) => !isRefusal(change));
    const isReported = (changes.length === 0 || other !== undefined) && (await world.isReported());
    await world.write(world.now);
    for (const { name, before, after } of changes) {
      // Never, not even if it is reported: a right that is gone.
      expect(before.status === 401 && after.status === 200, `${title}: ${name}`).toBe(false);
    }
    if (other !== undefined) {
      const { name, before, after } = other;
      expect(isReported, `${title}: ${name}: ${before.text} became ${after.status} ${after.text}`).toBe(true);
      return "reported";
    }
    if (changes.length > 0) return "refused";
    return isReported ? "reported" : "without effect";
  };

  it(`${TITLE} (${RUNS} of them)`, { timeout: LONG ? 3_600_000 : 300_000 }, async () => {
    const found = new Map<string, Record<Outcome, number>>();
    let judged = 0;
    const property = fc.asyncProperty(CHOICES, async (choices) => {
      const alteration = alterationFrom(choices, world);
      fc.pre(alteration !== undefined);
      const outcome = await judge(alteration);
      const counts = found.get(alteration.place) ?? { refused: 0, reported: 0, "without effect": 0 };
      counts[outcome] += 1;
      found.set(alteration.place, counts);
      judged += 1;
    });
    await fc.assert(property, { numRuns: RUNS, maxSkipsPerRun: 1000, endOnFailure: true });
    expect(judged).toBe(RUNS);
    if (LONG) console.table(Object.fromEntries([...found].toSorted(([a], [b]) => (a < b ? -1 : 1))));
  });
});
