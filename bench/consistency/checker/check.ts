import type { History, Operation } from "../history/history.ts";
import { checkAcknowledgements } from "./acknowledgements.ts";
import type { Report } from "./anomaly.ts";
import { checkTimes } from "./check-times.ts";
import { type Exchanges, layOut, orderBy } from "./exchanges.ts";
import { Findings } from "./findings.ts";
import { Lists } from "./lists.ts";
import { readLog } from "./read-log.ts";
import { replay } from "./replay.ts";
import { sweep } from "./sweep.ts";

/**
 * Whether a run was strictly serializable over the whole store: every answer has a moment within its request at which
 * the store, as the audit log makes it, gives just that answer. Names all that does not.
 */
export function check(history: History): Report {
  const findings = new Findings();
  const exchanges = layOut(history.operations);
  const commits = readLog(history, exchanges, findings);
  const world = replay(history, commits, findings);
  checkAcknowledgements(history, { commits, world }, findings);
  checkTimes(history, commits, exchanges, findings);
  const scene = {
    history,
    exchanges,
    commits,
    world,
    lists: new Lists(world.secrets),
    writers: writersOf(history.operations),
    positions: new Float64Array(exchanges.count).fill(-1),
    placesOf: placesByClient(history.operations, exchanges),
  };
  sweep(scene, findings);
  return findings.report(history.operations);
}

function writersOf(operations: readonly Operation[]): ReadonlyMap<string, number> {
  const writers = new Map<string, number>();
  for (const { id, request } of operations) {
    if (request.kind === "put") writers.set(request.value, id);
  }
  return writers;
}

function placesByClient(
  operations: readonly Operation[],
  { operation, call }: Exchanges,
): (client: number) => readonly number[] {
  let grouped: Map<number, number[]> | undefined;
  return (client) => {
    grouped ??= Map.groupBy(orderBy(call), (place) => operations[operation[place] ?? -1]?.client ?? -1);
    return grouped.get(client) ?? [];
  };
}
