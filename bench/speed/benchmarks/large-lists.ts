import { type BenchContext, SMALL } from "../bench-context.ts";
import { alternate, compare } from "../compare.ts";
import type { LoadTarget } from "../load/load-target.ts";
import { runLoad, type Sample } from "../load/run-load.ts";
import { edgeTarget, gets } from "../requests.ts";
import { latencyResult, type Result } from "../result.ts";
import type { Deployment } from "../setup/deployment.ts";

const [FEW, MANY] = [50, 50_000];
/** Clients that list while a neighbour gets. */
const LISTING = 4;

/** Measures whether a page of a list depends on the number of paths, for its caller and for others. */
export async function largeLists(context: BenchContext): Promise<Result[]> {
  const [few, many] = [
    await context.deployment({ ...SMALL, longPaths: FEW }),
    await context.deployment({ ...SMALL, longPaths: MANY }),
  ];
  for (const deployment of [few, many]) await allowList(context, deployment);
  const results: Result[] = [];
  for (const [caller, tokenOf] of [
    ["the superuser", ({ superuser }: Deployment) => superuser],
    ["a workload", ({ app }: Deployment) => app],
  ] as const) {
    const comparison = await compare(
      { measured: pages(many, tokenOf(many)), baseline: pages(few, tokenOf(few)) },
      { ...context.sampling, clients: 1 },
    );
    const benchmark = `list of 1 of ${MANY} paths of 500 characters by ${caller}, p50`;
    results.push(latencyResult(comparison, { benchmark, comparedWith: `of ${FEW}`, goal: { max: 1.5 } }));
  }
  return [...results, ...(await neighbours(context, many))];
}

async function allowList({ options }: BenchContext, deployment: Deployment): Promise<void> {
  await deployment.post("/v1/acl/policy", {
    name: "big",
    spiffeidPattern: `^spiffe://${options.domain.name.replaceAll(".", String.raw`\.`)}/app$`,
    pathPattern: "^big/",
    permissions: ["list"],
  });
}

function pages(deployment: Deployment, token: string): LoadTarget {
  return edgeTarget(deployment, token, {
    name: "list",
    path: "/v1/store/secrets?action=list",
    body: () => JSON.stringify({ prefix: "big/", limit: 1 }),
    expected: "big/000000",
  });
}

/** A client gets while four others list, get, or do nothing. */
async function neighbours(context: BenchContext, deployment: Deployment): Promise<readonly Result[]> {
  const { sampling } = context;
  const { seconds, nextNumber } = sampling;
  const one = { clients: 1, seconds, nextNumber };
  const beside = async (others: LoadTarget): Promise<Sample> => {
    const [sample] = await Promise.all([
      runLoad(gets(deployment), one),
      runLoad(others, { clients: LISTING, seconds, nextNumber }),
    ]);
    return sample;
  };
  const listing = pages(deployment, deployment.app);
  const alone = await alternate(
    sampling,
    async () => await beside(listing),
    async () => await runLoad(gets(deployment), one),
  );
  const besideGets = await alternate(
    sampling,
    async () => await beside(listing),
    async () => await beside(gets(deployment)),
  );
  const benchmark = `get beside ${LISTING} clients that list 1 of ${MANY} such paths, p50`;
  return [
    latencyResult(besideGets, { benchmark, comparedWith: `beside ${LISTING} clients that get`, goal: { max: 2 } }),
    latencyResult(alone, { benchmark, comparedWith: "alone" }),
  ];
}
