const TIMEOUT_MS = 60_000;

export interface AuditVerification {
  /** Number of verified entries. */
  readonly entries: number;
  /** The problems that the service reports, as JSON. */
  readonly problems: readonly string[];
}

interface Page {
  readonly entries: number;
  readonly problems: readonly Problem[];
  /** Entries whose key the service does not have. */
  readonly unverified?: readonly unknown[];
  /** A revision, or after the audit a position in the rows. */
  readonly next?: number | string;
}

interface Problem {
  readonly kind: string;
}

/**
 * Runs the service's audit verification to the end.
 *
 * @param options `ignored`: kinds of problems that this run causes itself
 */
export async function verifyAudit(
  workerUrl: string,
  token: string,
  { ignored }: { readonly ignored: readonly string[] },
): Promise<AuditVerification> {
  const problems: string[] = [];
  let entries = 0;
  let after: number | string = 0;
  for (;;) {
    const response = await fetch(`${workerUrl}/v1/audit?action=verify`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ after }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200) {
      return { entries, problems: [...problems, `the verification failed with status ${response.status}`] };
    }
    const page = (await response.json()) as Page;
    entries += page.entries;
    const counted = page.problems.filter(({ kind }) => !ignored.includes(kind));
    problems.push(...[...counted, ...(page.unverified ?? [])].map((problem) => JSON.stringify(problem)));
    if (page.next === undefined) return { entries, problems };
    after = page.next;
  }
}
