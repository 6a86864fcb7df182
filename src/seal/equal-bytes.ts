/** Whether two values that are no secret are the same bytes. Not in constant time: MACs are verified by the platform. */
export function equalBytes(a: Uint8Array | null, b: Uint8Array): boolean {
  return a?.length === b.length && a.every((byte, index) => byte === b[index]);
}
