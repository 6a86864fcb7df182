import type { Attempt, Operation } from "../history/history.ts";

/** All attempts of a run in one row, that of the operations and within each of its attempts. */
export interface Exchanges {
  readonly count: number;
  /** By operation: its first place in the row. */
  readonly first: Int32Array;
  /** By place: the operation. */
  readonly operation: Int32Array;
  readonly call: Float64Array;
  readonly end: Float64Array;
}

/** Lays out the attempts. */
export function layOut(operations: readonly Operation[]): Exchanges {
  const count = operations.reduce((sum, { attempts }) => sum + attempts.length, 0);
  const first = new Int32Array(operations.length);
  const operation = new Int32Array(count);
  const call = new Float64Array(count);
  const end = new Float64Array(count);
  let place = 0;
  for (const [id, { attempts }] of operations.entries()) {
    first[id] = place;
    for (const attempt of attempts) {
      operation[place] = id;
      call[place] = attempt.call;
      end[place] = attempt.end;
      place += 1;
    }
  }
  return { count, first, operation, call, end };
}

/** The operation and attempt at a place. */
export function exchangeAt(
  { operation, first }: Exchanges,
  operations: readonly Operation[],
  place: number,
): { readonly operation: Operation; readonly attempt: Attempt } {
  const id = operation[place] ?? -1;
  const found = operations[id];
  const attempt = found?.attempts[place - (first[id] ?? 0)];
  if (found === undefined || attempt === undefined) throw new RangeError(`no exchange at place ${place}`);
  return { operation: found, attempt };
}

/** Places in ascending order of a time. */
export function orderBy(time: Float64Array): Int32Array {
  const order = new Int32Array(time.length).map((_, index) => index);
  return order.sort((one, other) => (time[one] ?? 0) - (time[other] ?? 0) || one - other);
}
