const TIMEOUT_MS = 60_000;

/** Runs the service's audit verification to the end. @returns the problems that it reports, as JSON */
export async function verifyAudit(workerUrl: string, token: string): Promise<readonly string[]> {
  const problems: string[] = [];
  let after = 0;
  for (;;) {
    const response = await fetch(`${workerUrl}/v1/audit?action=verify`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ after }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200) return [...problems, `the verification failed with status ${response.status}`];
    const page = (await response.json()) as { readonly problems: readonly unknown[]; readonly next?: number };
    problems.push(...page.problems.map((problem) => JSON.stringify(problem)));
    if (page.next === undefined) return problems;
    after = page.next;
  }
}
