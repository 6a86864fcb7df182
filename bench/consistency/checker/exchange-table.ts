import type { Exchange, Operation } from "../history/history.ts";

/** All exchanges of a run in columns. An exchange ID is a row number; an operation's exchanges have adjacent IDs. */
export interface ExchangeTable {
  readonly size: number;
  /** ID of an operation's first exchange, by operation ID. */
  readonly firstOf: Int32Array;
  /** By exchange ID, like the two columns below. */
  readonly operationId: Int32Array;
  readonly invokedAt: Float64Array;
  readonly completedAt: Float64Array;
}

export function buildExchangeTable(operations: readonly Operation[]): ExchangeTable {
  const size = operations.reduce((sum, { exchanges }) => sum + exchanges.length, 0);
  const firstOf = new Int32Array(operations.length);
  const operationId = new Int32Array(size);
  const invokedAt = new Float64Array(size);
  const completedAt = new Float64Array(size);
  let exchangeId = 0;
  for (const [id, { exchanges }] of operations.entries()) {
    firstOf[id] = exchangeId;
    for (const exchange of exchanges) {
      operationId[exchangeId] = id;
      invokedAt[exchangeId] = exchange.invokedAt;
      completedAt[exchangeId] = exchange.completedAt;
      exchangeId += 1;
    }
  }
  return { size, firstOf, operationId, invokedAt, completedAt };
}

/** @throws RangeError for an unknown ID */
export function exchangeById(
  { operationId, firstOf }: ExchangeTable,
  operations: readonly Operation[],
  exchangeId: number,
): { readonly operation: Operation; readonly exchange: Exchange } {
  const id = operationId[exchangeId] ?? -1;
  const operation = operations[id];
  const exchange = operation?.exchanges[exchangeId - (firstOf[id] ?? 0)];
  if (operation === undefined || exchange === undefined) throw new RangeError(`There is no exchange ${exchangeId}`);
  return { operation, exchange };
}

/** Indexes of `times` by ascending time, then by ascending index. */
export function sortedIndexes(times: Float64Array): Int32Array {
  const order = new Int32Array(times.length).map((_, index) => index);
  return order.sort((one, other) => (times[one] ?? 0) - (times[other] ?? 0) || one - other);
}
