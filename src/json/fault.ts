/** A rule that a value breaks. */
export interface Violation {
  /** Completes a sentence that begins with the member's name: `must be a whole number from 0 to 10000`. */
  readonly rule: string;
  /** The number in `rule`, for programs. */
  readonly limit?: number;
}

/**
 * What is wrong with a request: one member, and the rule that it breaks. Quotes nothing that the caller chose, so it may be
 * logged.
 */
export interface Fault extends Violation {
  /** A member of the body, or `body`, `query`, `action` or the name of a header. */
  readonly member: string;
}

/** The fault as a sentence without a full stop, for the log. */
export function faultText({ member, rule }: Fault): string {
  return `${member} ${rule}`;
}
