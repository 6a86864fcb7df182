import type { Fault, Progress } from "../../../tools/fault-proxy/fault-proxy.ts";

/** When an action runs: before the database gets the commit, while the database has it, or after its response. */
export type CommitPhase = Extract<Fault, { readonly when: unknown }>["when"];

const COMMIT_TIMEOUT_MS = 3000;

/** A fault for the next commit of one worker, which happens once. */
export class NextCommitFault {
  private fault: Fault | undefined;

  take(): Fault | undefined {
    const { fault } = this;
    this.fault = undefined;
    return fault;
  }

  /** Runs `action` during the next commit and returns its result. Undefined if there is no commit within 3 s. */
  async during<T>(phase: CommitPhase, action: (progress: Progress) => Promise<T>): Promise<T | undefined> {
    return await new Promise<T | undefined>((resolve, reject) => {
      let hasTimedOut = false;
      const timeout = setTimeout(() => {
        hasTimedOut = true;
        this.fault = undefined;
        resolve(undefined);
      }, COMMIT_TIMEOUT_MS);
      const meanwhile = async (progress: Progress): Promise<void> => {
        // The caller has given up, and would not restart what the action kills.
        if (hasTimedOut) return;
        clearTimeout(timeout);
        await action(progress).then(resolve, reject);
      };
      this.fault = { when: phase, meanwhile };
    });
  }
}
