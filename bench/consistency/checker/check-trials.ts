import type { History } from "../history/history.ts";
import type { Findings } from "./findings.ts";

/** Checks that no request succeeded by a right that was never acknowledged or is gone. A refusal or a 500 is right. */
export function checkTrials({ trials = [] }: History, findings: Findings): void {
  for (const { fault, exchanges } of trials) {
    for (const { kind, status } of exchanges) {
      findings.checked("withheld_right");
      if (status !== 200) continue;
      findings.add({ kind: "withheld_right", operations: [], detail: `A ${kind} was served: ${fault}.` });
    }
  }
}
