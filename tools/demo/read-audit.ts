import type { ApiClient } from "./api-client.ts";
import type { WorkerNumber } from "./cluster.ts";
import { listIn, memberOf, numberIn, textIn } from "./response.ts";

/** The members of an audit entry that the demo uses. */
export interface AuditEntry {
  readonly revision: number;
  readonly spiffeId: string;
  readonly action: string;
  readonly resource: string;
  readonly writeId: string;
  /** Only entries of secrets have a version. */
  readonly version: number | undefined;
}

interface Audit {
  readonly entries: readonly AuditEntry[];
  /** Revision of the store when the last page was read. */
  readonly revision: number;
}

/** Reads all audit entries of a resource, or of all resources, page by page. */
export async function readAudit(superuser: ApiClient, worker: WorkerNumber, resource = ""): Promise<Audit> {
  const entries: AuditEntry[] = [];
  let after: unknown = 0;
  for (;;) {
    const { body } = await superuser.send(worker, "/v1/audit?action=list", { resource, after, limit: 1000 });
    entries.push(...listIn(body, "entries").map(toEntry));
    after = memberOf(body, "next");
    if (after === undefined) return { entries, revision: numberIn(body, "revision") };
  }
}

/** Lets the service verify its audit log, page by page, and returns the problems it reports. */
export async function verifyAudit(
  superuser: ApiClient,
  worker: WorkerNumber,
): Promise<{ readonly checked: number; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  let checked = 0;
  let after: unknown = 0;
  for (;;) {
    const { body } = await superuser.send(worker, "/v1/audit?action=verify", { after });
    checked += numberIn(body, "entries");
    problems.push(...listIn(body, "problems").map((problem) => JSON.stringify(problem)));
    after = memberOf(body, "next");
    if (after === undefined) return { checked, problems };
  }
}

function toEntry(entry: unknown): AuditEntry {
  const version = memberOf(memberOf(entry, "outcome"), "version");
  return {
    revision: numberIn(entry, "revision"),
    spiffeId: textIn(entry, "spiffeId"),
    action: textIn(entry, "action"),
    resource: textIn(entry, "resource"),
    writeId: textIn(entry, "writeId"),
    version: typeof version === "number" ? version : undefined,
  };
}
