/** An error as Hrana carries it: codes are SQLite's names where SQLite failed. */
export interface HranaError {
  readonly message: string;
  readonly code: string;
}

/** What a fallible step hands back; exceptions are left to broken assumptions and abandoned requests. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: HranaError };

export function success<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function failure(code: string, message: string): Outcome<never> {
  return { ok: false, error: { message, code } };
}
