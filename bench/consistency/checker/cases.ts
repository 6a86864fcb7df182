import type { History } from "../history/history.ts";

/** What the checker compares. A history without any case of a kind proves nothing about that kind. */
export const CASES = {
  audit_entry: "audit entries compared with the requests that committed them",
  acknowledgement: "acknowledged writes compared with their audit entries",
  repetition: "further responses to the same write, compared with the first one",
  refused_write: "refused writes of which the audit log must have nothing",
  late_commit: "commits that reached the database after the deadline of their request",
  change_order: "changes whose time was compared with that of the previous change",
  change_time: "changes whose time was compared with that of their request",
  metadata_time: "metadata whose times were compared with that of the run",
  committed_permission: "commits of workloads compared with the policies",
  delegated_change: "policy changes of workloads compared with the policies that delegate them",
  write: "responses to successful writes",
  value: "values that were read",
  metadata: "metadata that was read",
  list: "lists",
  prune: "responses to prunes of the audit",
  not_found: "responses with status 404",
  conflict: "responses with status 409",
  key_reuse: "responses with status 422",
  denial: "responses with status 401",
  permission: "other responses to workloads, compared with the policies",
  withheld_right: "requests to a database that applied a withheld policy or put an old one back",
  bookmark: "responses to requests that sent a bookmark, compared with that bookmark",
  received_bookmark: "bookmarks compared with the response that they came with",
  session: "reads from a replica, compared with what the same client had got with earlier bookmarks",
  bounded_read: "reads from workers that may read from a replica, compared with the bound",
  bounded_right: "bounded reads of workloads, compared with the policies within the bound",
  stale_within_bound: "reads from a replica that were older than an acknowledged write, within the bound",
  order: "responses that must not be older than an earlier response",
  concurrency: "responses to requests during which something was committed",
} as const;

export type CaseKind = keyof typeof CASES;

// Object.keys returns strings.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const CASE_KINDS = Object.keys(CASES) as readonly CaseKind[];

/** What a run was able to cause. */
export interface CaseOptions {
  readonly clients: number;
  /** Undefined if it is unknown. */
  readonly faults: ReadonlySet<string> | undefined;
  readonly routes?: History["routes"];
  readonly hasBookmarks?: boolean;
}

/** Kinds that only occur under a fault. */
const NEEDED_FAULTS: readonly (readonly [CaseKind, string])[] = [
  ["late_commit", "late-commit"],
  ["withheld_right", "withheld-commit"],
];

/** Kinds that cannot be checked under a fault. */
const PREVENTING_FAULTS: readonly (readonly [CaseKind, string])[] = [
  ["change_order", "database-clock"],
  ["change_time", "database-clock"],
];

const OF_BOOKMARKS: readonly CaseKind[] = ["bookmark", "received_bookmark"];
const OF_REPLICAS: readonly CaseKind[] = ["bounded_read", "bounded_right", "stale_within_bound"];

/** The kinds that cannot occur with these options, and why. */
export function impossibleCases({
  clients,
  faults,
  routes,
  hasBookmarks = false,
}: CaseOptions): ReadonlyMap<CaseKind, string> {
  const needed = NEEDED_FAULTS.filter(([, fault]) => faults?.has(fault) === false);
  const prevented = PREVENTING_FAULTS.filter(([, fault]) => faults?.has(fault) === true);
  const ofFaults = [
    ...needed.map(([kind, fault]) => [kind, `without the fault ${fault}`] as const),
    ...prevented.map(([kind, fault]) => [kind, `with the fault ${fault}`] as const),
    ...withoutReplicas(routes, hasBookmarks),
  ];
  if (clients > 1) return new Map(ofFaults);
  const reason = "with one client, all requests are those of the superuser";
  const ofWorkloads = (
    ["committed_permission", "delegated_change", "denial", "permission", "bounded_right"] as const
  ).map((kind) => [kind, reason] as const);
  return new Map([...ofFaults, ...ofWorkloads]);
}

function withoutReplicas(routes: History["routes"], hasBookmarks: boolean): readonly (readonly [CaseKind, string])[] {
  const isReplicaRead = routes?.includes("replica-reads") === true;
  const noBookmarks = hasBookmarks ? [] : OF_BOOKMARKS;
  const noReplicas = isReplicaRead ? [] : OF_REPLICAS;
  const noSessions: readonly CaseKind[] = hasBookmarks && isReplicaRead ? [] : ["session"];
  return [
    ...noBookmarks.map((kind) => [kind, "without bookmarks"] as const),
    ...noReplicas.map((kind) => [kind, "without a worker that reads from a replica"] as const),
    ...noSessions.map((kind) => [kind, "without bookmarks at a worker that reads from a replica"] as const),
  ];
}

/** One sentence for each kind without a case that could have had one. */
export function missingCases(cases: Readonly<Record<CaseKind, number>>, options: CaseOptions): readonly string[] {
  const impossible = impossibleCases(options);
  return CASE_KINDS.filter((kind) => cases[kind] === 0 && !impossible.has(kind)).map(
    (kind) => `Nothing was checked of the kind "${kind}": ${CASES[kind]}`,
  );
}
