import { type Cluster, DEFAULT_WORKER } from "../cluster/cluster.ts";
import type { FaultCounter } from "../faults/fault-counts.ts";
import type { Permission, Request, Trial } from "../history/history.ts";
import type { Session } from "../session.ts";
import { isCommit } from "../../../tools/fault-proxy/fault-proxy.ts";
import { peekCommit, type PolicyCommit, RawDatabase, type StoredRow } from "./peek-commit.ts";

interface Phase {
  readonly cluster: Cluster;
  readonly session: Session;
  readonly raw: RawDatabase;
}

/** Changes the database so that it grants `team` a right that was never acknowledged, or that is gone. */
interface Plan {
  readonly counter: FaultCounter;
  readonly team: string;
  readonly apply: () => Promise<void>;
}

/**
 * A database that keeps policy commits back and applies them later, or puts old rows back. It runs last, because it leaves a database
 * that the service rightly refuses to use.
 */
export async function runWithheldPhase(cluster: Cluster, session: Session): Promise<readonly Trial[]> {
  for (const worker of cluster.workers) await worker.start(DEFAULT_WORKER);
  const phase = { cluster, session, raw: new RawDatabase(cluster.database.url()) };
  const plans = [...(await planLate(phase)), await planOverNewer(phase), await planPutBack(phase)];
  await phase.raw.save();
  const trials: Trial[] = [];
  for (const { counter, team, apply } of plans) {
    await apply();
    session.faults.counts.increment(counter);
    trials.push({ fault: counter, exchanges: await tryRights(phase, team) });
    await phase.raw.restore();
  }
  for (const worker of cluster.workers) await worker.kill();
  return trials;
}

/** Two other policies are acknowledged after the commit that is kept back. */
async function planLate(phase: Phase): Promise<readonly Plan[]> {
  const team = "withheld-1";
  await sendOk(phase, "superuser", putIn(team));
  const commit = await withhold(phase, team, ["read", "write", "list"]);
  await grant(phase, "other-1", ["read"]);
  await grant(phase, "other-2", ["read"]);
  return [
    {
      counter: "withheld policy applied two epochs later",
      team,
      apply: async () => await append(phase.raw, commit),
    },
    {
      counter: "withheld policy applied with its authority trie",
      team,
      async apply() {
        await append(phase.raw, commit);
        for (const node of commit.nodes) await phase.raw.put("authority", node);
      },
    },
  ];
}

/** The acknowledged policy of that name grants less. */
async function planOverNewer(phase: Phase): Promise<Plan> {
  const team = "withheld-2";
  await sendOk(phase, "superuser", putIn(team));
  await grant(phase, team, ["read"]);
  await sendOk(phase, team, getIn(team));
  const commit = await withhold(phase, team, ["read", "write", "list"]);
  await grant(phase, team, ["list"]);
  return {
    counter: "withheld policy applied over a newer one",
    team,
    apply: async () => await append(phase.raw, commit),
  };
}

/** The row and the audit entry are those of the acknowledged policy; the entry of its deletion is hidden. */
async function planPutBack(phase: Phase): Promise<Plan> {
  const team = "withheld-3";
  const { raw } = phase;
  await sendOk(phase, "superuser", putIn(team));
  await grant(phase, team, ["read", "write", "list"]);
  await sendOk(phase, team, getIn(team));
  const policy = await raw.rowOf(`SELECT * FROM policies WHERE name = '${team}'`);
  await sendOk(phase, "superuser", { kind: "revoke", team });
  // The newest entry of the store is not the hidden one.
  await sendOk(phase, "superuser", putIn("other"));
  return {
    counter: "deleted policy put back with its audit entry",
    team,
    async apply() {
      await raw.put("policies", policy);
      await raw.run({ sql: "DELETE FROM audit WHERE resource = ? AND action = 'delete'", args: [`policy:${team}`] });
    },
  };
}

const putIn = (team: string): Request => ({ kind: "put", path: `team/${team}/a`, value: "of the superuser" });
const getIn = (team: string): Request => ({ kind: "get", path: `team/${team}/a`, number: 0 });

/** Sends requests of the workload that the policy names, through each worker. */
async function tryRights({ cluster, session }: Phase, team: string): Promise<Trial["exchanges"]> {
  const requests = [getIn(team), putIn(team)];
  const exchanges: Trial["exchanges"][number][] = [];
  for (const worker of cluster.workers.keys()) {
    for (const request of requests) {
      exchanges.push({ kind: request.kind, status: await session.sendAs(team, request, worker) });
    }
  }
  return exchanges;
}

async function sendOk({ session }: Phase, caller: string, request: Request): Promise<void> {
  const status = await session.sendAs(caller, request, 0);
  if (status !== 200) throw new Error(`Cannot withhold a policy: a ${request.kind} of ${caller} had status ${status}`);
}

async function grant(phase: Phase, team: string, permissions: readonly Permission[]): Promise<void> {
  await sendOk(phase, "superuser", { kind: "grant", team, permissions });
}

/** Puts a policy whose commit the database answers with 503, then 404. @returns the rows that the commit would have written */
async function withhold(
  { cluster, session }: Phase,
  team: string,
  permissions: readonly Permission[],
): Promise<PolicyCommit> {
  let captured: Promise<PolicyCommit> | undefined;
  const [worker] = cluster.workers;
  worker?.databaseProxy.inject((body) => {
    if (!isCommit(body)) return "pass";
    if (captured !== undefined) return { status: 404 };
    captured = peekCommit(cluster.database.url(), body);
    return { status: 503 };
  });
  try {
    const status = await session.sendAs("superuser", { kind: "grant", team, permissions }, 0);
    if (status === 200) throw new Error("Cannot withhold a policy: its commit was acknowledged without the database");
    return await (captured ?? Promise.reject(new Error("Cannot withhold a policy: no commit was sent")));
  } finally {
    worker?.databaseProxy.inject(() => "pass");
  }
}

/** Adds the rows as if they had been committed now. The revision is in no signature. */
async function append(raw: RawDatabase, { policy, entry }: PolicyCommit): Promise<void> {
  const [store] = await raw.run({ sql: "SELECT revision FROM store" });
  const revision = Number(store?.["revision"]) + 1;
  await raw.put("audit", withValue(entry, "revision", revision));
  await raw.put("policies", withValue(policy, "version", revision));
  await raw.run({ sql: "UPDATE store SET revision = ?", args: [revision] });
}

function withValue(row: StoredRow, column: string, value: number): StoredRow {
  return new Map(row).set(column, BigInt(value));
}
