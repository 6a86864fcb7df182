import { listIn, memberOf, numberIn, textIn } from "./answer.ts";
import type { Caller } from "./caller.ts";
import type { WorkerNumber } from "./edge.ts";

/** A stored audit entry, as far as the demo looks at it. */
export interface AuditEntry {
  readonly revision: number;
  readonly caller: string;
  readonly action: string;
  readonly resource: string;
  readonly writeId: string;
  /** Of secrets only. */
  readonly version: number | undefined;
}

export interface Audit {
  readonly entries: readonly AuditEntry[];
  /** The store's, when the last page was read. */
  readonly revision: number;
}

/** Reads all entries of a resource, or of everything, page by page. */
export async function readAudit(superuser: Caller, worker: WorkerNumber, resource = ""): Promise<Audit> {
  const entries: AuditEntry[] = [];
  let after: unknown = 0;
  for (;;) {
    const { body } = await superuser.ask(worker, "/v1/audit?action=list", { resource, after, limit: 1000 });
    entries.push(...listIn(body, "entries").map(toEntry));
    after = memberOf(body, "next");
    if (after === undefined) return { entries, revision: numberIn(body, "revision") };
  }
}

/** Has the service check its audit, and gives back what it complains of. */
export async function verifyAudit(
  superuser: Caller,
  worker: WorkerNumber,
): Promise<{ readonly checked: number; readonly problems: readonly string[] }> {
  const problems: string[] = [];
  let checked = 0;
  let after: unknown = 0;
  for (;;) {
    const { body } = await superuser.ask(worker, "/v1/audit?action=verify", { after });
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
    caller: textIn(entry, "spiffeId"),
    action: textIn(entry, "action"),
    resource: textIn(entry, "resource"),
    writeId: textIn(entry, "writeId"),
    version: typeof version === "number" ? version : undefined,
  };
}
