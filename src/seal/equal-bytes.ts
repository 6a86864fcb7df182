/** Compares two public values. Not in constant time: use `verifyMac` for MACs. */
export function equalBytes(a: Uint8Array | null, b: Uint8Array): boolean {
  return a?.length === b.length && a.every((byte, index) => byte === b[index]);
}
