const REFUSALS: ReadonlySet<number> = new Set([401, 404, 409, 422]);
const INDETERMINATE: ReadonlySet<number> = new Set([0, 503]);

/** True if the status guarantees that the request changed nothing. */
export function isRefusal(status: number): boolean {
  return REFUSALS.has(status);
}

/** True if the outcome is unknown: there was no response, or a 503. */
export function isIndeterminate(status: number): boolean {
  return INDETERMINATE.has(status);
}
