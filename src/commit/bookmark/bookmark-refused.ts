import type { MarkFault } from "./judge.ts";

/** A request shows a bookmark that the store does not continue. Nothing was changed. */
export class BookmarkRefused extends Error {
  override readonly name = "BookmarkRefused";
  readonly reason: MarkFault;
  /** For the operator's log: revisions and epochs. */
  readonly detail: string;

  constructor(reason: MarkFault, detail: string) {
    super(`Cannot serve a request with a bookmark: ${reason}`);
    this.reason = reason;
    this.detail = detail;
  }

  /** Whether acknowledged changes may be lost, which an operator has to look into. */
  get isAlarm(): boolean {
    return this.reason === "store_behind" || this.reason === "store_went_back";
  }
}
