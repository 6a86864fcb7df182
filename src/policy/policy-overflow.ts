/** More policies concern one request than are looked at. The operator has to give them narrower patterns. */
export class PolicyOverflow extends Error {
  override readonly name = "PolicyOverflow";
  readonly detail = "more than 1000 policies concern one caller and path: anchor their patterns, or make them narrower";

  constructor() {
    super("Cannot decide on a permission: too many policies concern it");
  }
}
