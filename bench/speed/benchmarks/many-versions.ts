import { type BenchContext, SMALL } from "../bench-context.ts";
import { compare } from "../compare.ts";
import { gets, puts } from "../requests.ts";
import { latencyResult, type Result } from "../result.ts";

const FEW = { path: "app/few", versions: 10 };
const MANY = { path: "app/many", versions: 1000 };

/**
 * Measures how gets of the current version and puts depend on the number of kept versions. A put depends on it, because it signs the
 * list of all kept versions.
 */
export async function manyVersions(context: BenchContext): Promise<Result[]> {
  const deployment = await context.deployment({ ...SMALL, keptVersions: MANY.versions });
  for (const { path, versions } of [FEW, MANY]) {
    for (let n = 0; n < versions; n += 1) {
      await deployment.post("/v1/store/secrets", { path, values: { user: "app", password: String(n) } });
    }
  }
  const pathOf = (): string => MANY.path;
  const options = { ...context.sampling, clients: 1 };
  const reads = await compare(
    { measured: gets(deployment, { pathOf }), baseline: gets(deployment, { pathOf: () => FEW.path }) },
    options,
  );
  const small = await context.deployment(SMALL);
  const writes = await compare(
    {
      measured: puts(deployment, { pathOf }),
      baseline: puts(small, { pathOf: (n) => `app/s${n % FEW.versions}` }),
    },
    options,
  );
  const comparedWith = `${FEW.versions} versions`;
  return [
    latencyResult(reads, {
      benchmark: `get with ${MANY.versions} kept versions, p50`,
      comparedWith,
      goal: { max: 1.1 },
    }),
    latencyResult(writes, { benchmark: `put with ${MANY.versions} kept versions, p50`, comparedWith }),
  ];
}
