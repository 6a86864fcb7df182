import { type Cluster, startCluster } from "./cluster/cluster.ts";
import type { FaultCounter } from "./faults/fault-counts.ts";
import type { History } from "./history/history.ts";
import { runLoadPhase } from "./load-phase.ts";
import type { RunOptions } from "./options.ts";
import { type Outage, runOutage } from "./outage.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { Session } from "./session.ts";
import { verifyAudit } from "./verify-audit.ts";

/** What a run recorded, before the history is checked. */
export interface Run {
  readonly history: History;
  /** Number of operations under faults. The others prepared the run or read everything back. */
  readonly loadOperations: number;
  readonly loadSeconds: number;
  readonly faults: readonly (readonly [FaultCounter, number])[];
  readonly missingFaults: readonly FaultCounter[];
  /** Number of requests that workers aborted because the client had disconnected. */
  readonly abortedRequests: number;
  /** Number of requests without a response long after the service's deadline. */
  readonly timeouts: number;
  /** Problems that the service's own audit verification reports. */
  readonly auditProblems: readonly string[];
  readonly outage: Outage;
  /** Errors that the workers logged and no fault explains, and unexpected exits. */
  readonly unexpectedErrors: readonly string[];
}

const WAITING_CLIENTS = 500;

/** @param folder scratch folder, which the caller removes */
export async function run(options: RunOptions, folder: string, print: (line: string) => void): Promise<Run> {
  const cluster = await startCluster(folder, options.workers);
  try {
    return await runOn(cluster, options, print);
  } finally {
    await cluster.close();
  }
}

async function runOn(cluster: Cluster, options: RunOptions, print: (line: string) => void): Promise<Run> {
  const { authority, database, workers, maxVersions } = cluster;
  const session = new Session(cluster, options);
  const { operations, counts, transport, clientDeps, now } = session;
  try {
    await session.grantAll();
    const load = await runLoadPhase(cluster, { deps: clientDeps, options, counts, now, print });
    print("database outage");
    const send = async (index: number) => await session.sendWaiting(index);
    const outage = await runOutage(cluster, { clients: WAITING_CLIENTS, now, send });
    print("reading everything back");
    await session.readAllBack();
    const auditLog = await readAuditLog(database.url());
    const token = await authority.tokenOf("superuser", now());
    return {
      history: { timeOrigin: performance.timeOrigin, maxVersions, operations, auditLog },
      loadOperations: load.operations,
      loadSeconds: load.seconds,
      faults: counts.all(),
      missingFaults: counts.missing(),
      abortedRequests: workers.reduce((sum, worker) => sum + worker.abortedRequests(), 0),
      timeouts: transport.timeouts,
      auditProblems: await verifyAudit(clientDeps.workers[0] ?? "", token),
      outage,
      unexpectedErrors: workers.flatMap((worker) => worker.unexpectedErrors()),
    };
  } finally {
    session.close();
  }
}
