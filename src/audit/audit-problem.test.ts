import { expect, it } from "vitest";
import { type AuditProblem, digestOfProblems, faultOf } from "./audit-problem.ts";

// Acknowledgements are stored with these digests.
it("keeps the format of faults", async () => {
  expect(await faultOf("missing", [1, 2])).toBe("qs8QIRp0oPLLWz3nncq15w");
  expect(await faultOf("not_authentic", [1, "d", Uint8Array.of(1)])).toBe("XxhK-JcaBIUhXkvrQrCqsQ");
});

it("keeps the format of the digest of problems", async () => {
  const problem: AuditProblem = { revision: 2, kind: "gap", detail: "d", fault: "f" };
  const other: AuditProblem = { ...problem, fault: undefined };
  expect(await digestOfProblems({ after: 1, upTo: 3 }, [problem, other])).toBe(
    "K-LVGWnDBGblgA5bVt3-Hrh9HXbKP_UrhFMC2tHty7Q",
  );
});
