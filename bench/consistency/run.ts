import { type Cluster, REQUEST_TIMEOUT_MS, startCluster } from "./cluster/cluster.ts";
import { MAX_STALENESS_MS, STALENESS_TOLERANCE_MS } from "./cluster/routes.ts";
import type { FaultCounter } from "./faults/fault-counts.ts";
import type { AuditEntry, History } from "./history/history.ts";
import { runLoadPhase } from "./load-phase.ts";
import { prepareOldWrites, repeatOldWrites } from "./old-writes.ts";
import type { RunOptions } from "./options.ts";
import { type Outage, runOutage } from "./outage.ts";
import { readAuditLog } from "./read-audit-log.ts";
import { Session } from "./session.ts";
import { databaseTimeOrigin } from "./database-time-origin.ts";
import { runWithheldPhase } from "./withheld/withheld-phase.ts";
import { type AuditVerification, verifyAudit } from "./verify-audit.ts";

/** What a run recorded, before the history is checked. */
export interface Run {
  readonly history: History;
  /** Number of operations under faults. The others prepared the run or read everything back. */
  readonly loadOperations: number;
  readonly loadSeconds: number;
  readonly faults: readonly (readonly [FaultCounter, number])[];
  readonly missingFaults: readonly FaultCounter[];
  /** Outcomes that should have occurred under faults. */
  readonly missingOutcomes: readonly string[];
  /** Number of paths that were read back, and of those that should have been. */
  readonly readBack: { readonly read: number; readonly paths: number };
  /** Number of requests that workers aborted because the client had disconnected. */
  readonly abortedRequests: number;
  /** Number of requests without a response long after the service's deadline. */
  readonly timeouts: number;
  /** The service's own verification of its audit. */
  readonly verification: AuditVerification;
  /** Number of audit entries in the database. The history also has those that were pruned. */
  readonly storedEntries: number;
  /** How far the last prune went, and how far it should go. Undefined without old entries. */
  readonly pruned?: { readonly floor: number; readonly expected: number };
  readonly outage: Outage;
  /** Errors that the workers logged and no fault explains, and unexpected exits. */
  readonly unexpectedErrors: readonly string[];
  /** Number of lines that the workers logged. */
  readonly loggedLines: number;
}

/** The entries that are not stored any more. */
function missingEntries(entries: readonly AuditEntry[], stored: readonly AuditEntry[]): readonly AuditEntry[] {
  const revisions = new Set(stored.map(({ revision }) => revision));
  return entries.filter(({ revision }) => !revisions.has(revision));
}

/** The alarm for a load that was answered with an older state. */
function isBehind(line: string): boolean {
  return line.includes('"event":"store_behind"');
}

const WAITING_CLIENTS = 500;

/** @param folder scratch folder, which the caller removes */
export async function run(options: RunOptions, folder: string, print: (line: string) => void): Promise<Run> {
  const cluster = await startCluster({ ...options, folder });
  try {
    return await runOn(cluster, options, print);
  } finally {
    await cluster.close();
  }
}

async function runOn(cluster: Cluster, options: RunOptions, print: (line: string) => void): Promise<Run> {
  const { authority, database, workers, maxVersions } = cluster;
  const session = new Session(cluster, options);
  const { operations, faults, transport, clientDeps, now } = session;
  const { counts } = faults;
  try {
    const isExternal = database.process === undefined;
    const timeOrigin = isExternal ? await databaseTimeOrigin(database.url()) : performance.timeOrigin;
    for (const { databaseProxy, replicaProxy } of workers) {
      for (const proxy of [databaseProxy, replicaProxy]) proxy.rewrite((body) => faults.clock.rewrite(body));
    }
    const oldWrites = options.faults.has("database-clock") ? await prepareOldWrites(cluster, session) : undefined;
    await session.grantAll();
    const load = await runLoadPhase(cluster, { deps: clientDeps, options, faults, now, print });
    print("database outage");
    const send = async (index: number) => await session.sendWaiting(index);
    const outage = await runOutage(cluster, { clients: WAITING_CLIENTS, now, send });
    print("reading everything back");
    const pruned = await repeatOldWrites(session, oldWrites);
    const readBack = await session.readAllBack();
    const stored = await readAuditLog(database.url());
    const token = await authority.tokenOf("superuser", now());
    // An entry for which both clocks were ahead makes the entries after it look kept back.
    const areBothClocksWrong = options.faults.has("database-clock") && options.faults.has("clock-skew");
    const ignored = areBothClocksWrong ? ["withheld"] : [];
    const verification = await verifyAudit(clientDeps.workers[0] ?? "", token, { ignored });
    // Their logs are read afterwards.
    for (const worker of workers) await worker.kill();
    const unexpectedErrors = workers
      .flatMap((worker) => [...worker.unexpectedErrors()])
      .filter((line) => !(options.faults.has("stale-load") && isBehind(line)));
    const isWithheld = options.faults.has("withheld-commit");
    if (isWithheld) print("a database that withholds commits");
    const trials = isWithheld ? await runWithheldPhase(cluster, session) : [];
    return {
      history: {
        timeOrigin,
        maxVersions: maxVersions[0] ?? 0,
        maxVersionsByWorker: maxVersions,
        hasBookmarks: true,
        ...(options.replicas > 0 && {
          routes: options.routes,
          maxStalenessMs: MAX_STALENESS_MS,
          stalenessToleranceMs: STALENESS_TOLERANCE_MS,
        }),
        clients: options.clients,
        faults: [...options.faults],
        deadlineMs: REQUEST_TIMEOUT_MS,
        lateCommits: faults.lateCommits.all(),
        trials,
        clockChanges: faults.clock.changes(),
        ...(oldWrites !== undefined && { prunableUntil: oldWrites.prunableUntil }),
        operations,
        auditLog: [...missingEntries(oldWrites?.prunableEntries ?? [], stored), ...stored],
      },
      storedEntries: stored.length,
      ...(pruned !== undefined && { pruned }),
      loadOperations: load.operations,
      loadSeconds: load.seconds,
      faults: counts.all(),
      missingFaults: counts.missing(),
      missingOutcomes: load.missingOutcomes,
      readBack,
      abortedRequests: workers.reduce((sum, worker) => sum + worker.abortedRequests(), 0),
      timeouts: transport.timeouts,
      verification,
      outage,
      unexpectedErrors,
      loggedLines: workers.reduce((sum, worker) => sum + worker.loggedLines(), 0),
    };
  } finally {
    session.close();
  }
}
