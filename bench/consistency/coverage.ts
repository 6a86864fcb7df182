import { isAcknowledged, type Operation, type Request } from "./history/history.ts";

/** Every kind of request has to succeed in a run, and every refusal has to occur. Otherwise the run proves nothing about it. */
const REQUESTS: Readonly<Record<Request["kind"], string>> = {
  put: "a successful put",
  delete: "a successful delete",
  undelete: "a successful undelete",
  get: "a successful get",
  metadata: "a successful read of metadata",
  list: "a successful list",
  grant: "a successful grant",
  revoke: "a successful revoke",
  delegate: "a successful delegate",
  undelegate: "a successful undelegate",
  prune: "a successful prune of the audit",
};
const REFUSALS: Readonly<Record<number, string>> = {
  401: "a request refused with 401",
  404: "a request refused with 404",
  409: "a request refused with 409",
  422: "a request refused with 422",
};

/** Observes which of the expected outcomes have not occurred yet. */
export class Coverage {
  private readonly remaining: Set<string>;

  constructor({ clients }: { readonly clients: number }) {
    // With one client, all requests are those of the superuser, who is never refused with 401.
    const refusals = Object.entries(REFUSALS).filter(([status]) => clients > 1 || status !== "401");
    this.remaining = new Set([...Object.values(REQUESTS), ...refusals.map(([, name]) => name)]);
  }

  observe(operation: Operation): void {
    if (this.remaining.size === 0) return;
    if (isAcknowledged(operation)) this.remaining.delete(REQUESTS[operation.request.kind]);
    for (const { status } of operation.exchanges) this.remaining.delete(REFUSALS[status] ?? "");
  }

  missing(): readonly string[] {
    return [...this.remaining];
  }
}
