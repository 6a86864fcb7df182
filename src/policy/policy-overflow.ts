const DETAIL = {
  too_many_policies:
    "more than 1000 policies are candidates for one caller and path: begin their patterns with ^ or make them narrower",
  costly_policies:
    "the patterns of the candidates for one caller and path are too costly: begin them with ^ and plain text, or simplify them",
} as const;

/** The policies that may concern a request cannot all be evaluated. The operator must give them narrower or simpler patterns. */
export class PolicyOverflow extends Error {
  override readonly name = "PolicyOverflow";
  readonly reason: keyof typeof DETAIL;
  readonly detail: string;

  constructor(reason: PolicyOverflow["reason"]) {
    super("Cannot decide on a permission: too many candidate policies, or too costly patterns");
    this.reason = reason;
    this.detail = DETAIL[reason];
  }
}
