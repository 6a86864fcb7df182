const REFUSALS: ReadonlySet<number> = new Set([401, 404, 409, 422]);
const OPEN: ReadonlySet<number> = new Set([0, 503]);

/** Whether a status says that nothing was done. */
export function isRefusal(status: number): boolean {
  return REFUSALS.has(status);
}

/** Whether a status leaves open what happened: no answer, or the one by which the service says so. */
export function isOpenStatus(status: number): boolean {
  return OPEN.has(status);
}
