/** What the checker compares. A history without any case of a kind proves nothing about that kind. */
export const CASES = {
  audit_entry: "audit entries compared with the requests that committed them",
  acknowledgement: "acknowledged writes compared with their audit entries",
  repetition: "further responses to the same write, compared with the first one",
  change_order: "changes whose time was compared with that of the previous change",
  change_time: "changes whose time was compared with that of their request",
  committed_permission: "commits of workloads compared with the policies",
  write: "responses to successful writes",
  value: "values that were read",
  metadata: "metadata that was read",
  list: "lists",
  not_found: "responses with status 404",
  conflict: "responses with status 409",
  key_reuse: "responses with status 422",
  denial: "responses with status 401",
  permission: "other responses to workloads, compared with the policies",
  order: "responses that must not be older than an earlier response",
  concurrency: "responses to requests during which something was committed",
} as const;

export type CaseKind = keyof typeof CASES;

// Object.keys returns strings.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
export const CASE_KINDS = Object.keys(CASES) as readonly CaseKind[];

/** The kinds that cannot occur with these options, and why. */
export function impossibleCases({ clients }: { readonly clients: number }): ReadonlyMap<CaseKind, string> {
  if (clients > 1) return new Map();
  const reason = "with one client, all requests are those of the superuser";
  return new Map((["committed_permission", "denial", "permission"] as const).map((kind) => [kind, reason]));
}

/** One sentence for each kind without a case that could have had one. */
export function missingCases(
  cases: Readonly<Record<CaseKind, number>>,
  options: { readonly clients: number },
): readonly string[] {
  const impossible = impossibleCases(options);
  return CASE_KINDS.filter((kind) => cases[kind] === 0 && !impossible.has(kind)).map(
    (kind) => `Nothing was checked of the kind "${kind}": ${CASES[kind]}`,
  );
}
