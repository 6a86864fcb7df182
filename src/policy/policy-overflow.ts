/** More policies are candidates for one decision than are loaded. The operator must give them narrower patterns. */
export class PolicyOverflow extends Error {
  override readonly name = "PolicyOverflow";
  readonly detail =
    "more than 1000 policies are candidates for one caller and path: begin their patterns with ^ or make them narrower";

  constructor() {
    super("Cannot decide on a permission: too many candidate policies");
  }
}
