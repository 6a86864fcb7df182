/** Binary search: the first index at which `predicate` is true, or `length`. It must be true for all higher indexes. */
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
