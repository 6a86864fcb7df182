/**
 * Binary search: the first index from 0 to `length` at which `predicate` holds, or `length`. Once the predicate holds,
 * it has to hold for all higher indexes.
 */
export function partitionPoint(length: number, predicate: (index: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (predicate(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
