/** Has the service check its own audit, page by page. @returns what it complains of, as JSON */
export async function verifyAudit(url: string, token: string): Promise<readonly string[]> {
  const problems: string[] = [];
  let after = 0;
  for (;;) {
    const response = await fetch(`${url}/v1/audit?action=verify`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ after }),
      signal: AbortSignal.timeout(60_000),
    });
    if (response.status !== 200) return [...problems, `the check of the audit was answered with ${response.status}`];
    const page = (await response.json()) as { readonly problems: readonly unknown[]; readonly next?: number };
    problems.push(...page.problems.map((problem) => JSON.stringify(problem)));
    if (page.next === undefined) return problems;
    after = page.next;
  }
}
