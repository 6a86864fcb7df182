import { HranaFailure } from "../errors.ts";
import type { BatchResult, HranaError, StatementResult, StreamRequest, StreamResult } from "../hrana.ts";
import type { ProgramAnswer } from "../run-program.ts";
import type { Primary } from "./primary.ts";

export interface ForwardOptions {
  /** Version of the protocol. */
  readonly version: number;
  readonly isAbandoned: () => boolean;
  /** True if the client closes its stream next. Saves a request to the primary. */
  readonly isLast: boolean;
}

/** The stream at the primary that belongs to a follower's stream. */
export class RemoteStream {
  readonly #primary: Primary;
  #baton: string | null = null;
  #isUsed = false;

  constructor(primary: Primary) {
    this.#primary = primary;
  }

  /** True after the first forwarded program. Later ones may belong to its transaction, or have to see its writes. */
  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Runs a program at the primary. @throws HranaFailure with the code PROXY_ERROR instead of the primary's code */
  async run(program: StreamRequest, { isLast, ...options }: ForwardOptions): Promise<ProgramAnswer> {
    this.#isUsed = true;
    const requests: readonly StreamRequest[] = isLast ? [program, { type: "close" }] : [program];
    const { baton, results } = await this.#primary.post(requests, this.#baton, options);
    this.#baton = baton;
    return answerOf(results[0]);
  }

  close(): void {
    const baton = this.#baton;
    this.#baton = null;
    if (baton !== null) {
      // If that fails, the stream expires at the primary.
      this.#primary.post([{ type: "close" }], baton, { version: 2, isAbandoned: () => true }).catch(() => undefined);
    }
  }
}

function answerOf(answer: StreamResult | undefined): ProgramAnswer {
  if (answer?.type !== "ok") {
    const { message, code } = proxied(answer?.error);
    throw new HranaFailure(code, message);
  }
  return answer.response.result === undefined ? {} : { result: withProxiedErrors(answer.response.result) };
}

function withProxiedErrors(result: StatementResult | BatchResult): StatementResult | BatchResult {
  return "step_errors" in result
    ? { ...result, step_errors: result.step_errors.map((error) => (error === null ? null : proxied(error))) }
    : result;
}

/** As the libSQL server (0.24): the primary's code is lost, its message is not. */
function proxied(error: HranaError | undefined): HranaError {
  const message = error?.message ?? "no answer";
  return { message: `error executing a request on the primary: ${message}`, code: "PROXY_ERROR" };
}
