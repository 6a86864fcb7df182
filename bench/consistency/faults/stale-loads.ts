import { type Choice, isWon } from "../../../tools/fault-proxy/fault-proxy.ts";
import { writeIdIn } from "./pipeline-text.ts";

/**
 * Loses the response to a commit, and answers the next load of the same request with an older state, as a replica does that lags.
 * The request must not be refused because of that state: its write is stored.
 */
export class StaleLoads {
  readonly #waiting = new Set<string>();
  /** URL of a copy of the database that is not updated. */
  copyUrl: string | undefined;

  /** The fault of the commit. */
  loseResponse(body: string): Choice | undefined {
    const writeId = writeIdIn(body);
    if (this.copyUrl === undefined || writeId === undefined) return undefined;
    return {
      fault: "cut-answer",
      happened: (response) => {
        if (isWon(response ?? "")) this.#waiting.add(writeId);
      },
    };
  }

  /** The fault of a load. Undefined unless the load follows such a commit. @param happened called if it was answered */
  faultOf(body: string, happened: () => void): Choice | undefined {
    const { copyUrl } = this;
    if (copyUrl === undefined || this.#waiting.size === 0) return undefined;
    return this.#waiting.delete(writeIdIn(body) ?? "") ? { fault: { target: copyUrl }, happened } : undefined;
  }
}
