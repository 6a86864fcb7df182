import type { Choice, Fault } from "../../../tools/fault-proxy/fault-proxy.ts";
import { REQUEST_TIMEOUT_MS } from "../cluster/cluster.ts";
import { QUIET } from "../load/paths.ts";
import type { Random } from "../random.ts";
import { randomOffsetMs } from "./database-clock.ts";
import type { FaultState } from "./fault-state.ts";
import type { NextCommitFault } from "./next-commit-fault.ts";
import { writeIdIn } from "./pipeline-text.ts";

/** Share of the commits whose response is lost and whose next load is old. */
const STALE_LOAD_RATE = 0.01;
/** Share of the commits to quiet paths that reach the database after their deadline. */
const LATE_RATE = 0.2;
/** A commit that is passed on this long after the timeout, or up to twice as long, is late by any clock. */
const LATE_MS = 1500;
/** Share of the loads of writes from which on the write sees another clock. */
const CLOCK_RATE = 0.003;

/** Chooses the faults of one worker's database requests that depend on earlier requests or on the time. */
export function plannedFaults(
  faults: FaultState,
  worker: { readonly index: number; readonly nextCommitFault: NextCommitFault; readonly random: Random },
): (body: string, isCommitRequest: boolean) => Fault | Choice | undefined {
  const { counts, lateCommits, clock, staleLoads, hanging } = faults;
  const { index, nextCommitFault, random } = worker;
  const isStale = counts.chosen.has("stale-load");
  const isClock = counts.chosen.has("database-clock");
  let writes = 0;
  const jump = (body: string): void => {
    const writeId = writeIdIn(body);
    // A late commit must see the clock that it was decided by.
    if (writeId === undefined || lateCommits.faultOf(body) !== undefined || !random.chance(CLOCK_RATE)) return;
    writes += 1;
    const direction = (writes + index) % 2 === 0 ? "ahead" : "behind";
    clock.setFor(writeId, randomOffsetMs(direction, random));
    counts.increment(`clock of the database days ${direction} for one write`);
  };
  const passOnLate = (body: string): Choice | undefined => {
    // Any other change of the path would prevent the commit as well.
    if (!counts.chosen.has("late-commit") || !body.includes(QUIET) || !random.chance(LATE_RATE)) return undefined;
    const { fault, happened } = lateCommits.hold(body, REQUEST_TIMEOUT_MS + LATE_MS + random.below(LATE_MS));
    return {
      fault,
      happened(response) {
        happened(response);
        counts.increment("commit passed on after its deadline");
      },
    };
  };
  return (body, isCommitRequest) => {
    if (hanging.has(index)) {
      counts.increment("no request of a worker answered for 300 ms");
      return random.chance(0.5) ? "hang" : "swallow";
    }
    if (!isCommitRequest) {
      if (isClock) jump(body);
      return staleLoads.faultOf(body, () =>
        counts.increment("load after an unanswered commit answered with an older state"),
      );
    }
    return (
      lateCommits.faultOf(body) ??
      nextCommitFault.take() ??
      passOnLate(body) ??
      (isStale && random.chance(STALE_LOAD_RATE) ? staleLoads.loseResponse(body) : undefined)
    );
  };
}
