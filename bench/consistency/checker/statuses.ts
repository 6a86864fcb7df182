const REFUSALS: ReadonlySet<number> = new Set([401, 404, 409, 422]);
const OPEN: ReadonlySet<number> = new Set([0, 429, 502, 503]);

/** Whether a status says that nothing was done. */
export function isRefusal(status: number): boolean {
  return REFUSALS.has(status);
}

/** Whether a status leaves open what happened, as a failing network or a busy worker may. */
export function isOpenStatus(status: number): boolean {
  return OPEN.has(status);
}
