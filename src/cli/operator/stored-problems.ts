import { callNexus, type Connection, type JsonObject, RetryableError } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";

/** A problem in the response of `audit?action=verify`. */
export interface StoredProblem {
  /** Of an audit entry; undefined for a row. */
  readonly revision: number | undefined;
  /** Of a row: `secret:PATH` and so on, `node:ID`, or `store`; undefined for an audit entry. */
  readonly resource: string | undefined;
  readonly kind: string;
  readonly detail: string;
  readonly acknowledgeable: boolean;
}

/** One response of `audit?action=verify`. */
export interface VerifiedPart {
  /** Where the part began. */
  readonly after: unknown;
  readonly entries: number;
  readonly rows: number;
  readonly problems: readonly StoredProblem[];
  /** Problems that were acknowledged before. */
  readonly acknowledged: readonly StoredProblem[];
  /** For an acknowledgement of this part. Undefined if its audit entries have no problem. */
  readonly list: { readonly after: number; readonly upTo: number; readonly digest: string } | undefined;
  readonly revision: number | undefined;
  readonly newest: string | undefined;
}

const ACTION = "verify the stored data";
const MAX_ATTEMPTS = 10;
const RETRY_DELAY_MS = 1000;

/** Verifies the audit, and all rows unless `auditOnly`. Yields one part after the other. @throws CliError */
export async function* verifyParts(
  io: CliIo,
  connection: Connection,
  { auditOnly }: { readonly auditOnly: boolean },
): AsyncIterable<VerifiedPart> {
  let after: unknown = 0;
  while (after !== undefined) {
    const json: JsonObject = await verifyPart(io, connection, after);
    yield toPart(after, json);
    const next = json["next"];
    // A position in the rows is a string.
    after = auditOnly && typeof next !== "number" ? undefined : next;
  }
}

async function verifyPart(io: CliIo, connection: Connection, after: unknown): Promise<JsonObject> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await callNexus(io, connection, { action: ACTION, target: "audit?action=verify", body: { after } });
    } catch (error) {
      if (!(error instanceof RetryableError) || attempt >= MAX_ATTEMPTS) throw error;
      await io.sleep(RETRY_DELAY_MS * attempt);
    }
  }
}

function toPart(after: unknown, json: JsonObject): VerifiedPart {
  const { entries, rows, upTo, digest, revision, newest } = json;
  const problems = toProblems(json["problems"]);
  if (problems === undefined)
    throw new CliError(`Cannot ${ACTION}: this is not the response of this version of SPIKE Edge.`);
  const isList = typeof after === "number" && typeof upTo === "number" && typeof digest === "string";
  return {
    after,
    entries: Number(entries),
    rows: Number(rows),
    problems,
    acknowledged: toProblems(json["acknowledged"] ?? []) ?? [],
    list: isList ? { after, upTo, digest } : undefined,
    revision: typeof revision === "number" ? revision : undefined,
    newest: typeof newest === "string" ? newest : undefined,
  };
}

function toProblems(value: unknown): readonly StoredProblem[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.map((problem: JsonObject) => {
    const { revision, resource, kind, detail, acknowledgeable } = problem;
    return {
      revision: typeof revision === "number" ? revision : undefined,
      resource: typeof resource === "string" ? resource : undefined,
      kind: String(kind),
      detail: String(detail),
      acknowledgeable: acknowledgeable === true,
    };
  });
}

/** One line for a problem. */
export function describeProblem({ revision, resource, kind, detail }: StoredProblem): string {
  const subject = resource ?? (revision === 0 || revision === undefined ? "audit" : `audit entry ${revision}`);
  return `${subject}: ${kind}: ${detail}`;
}

/** What to do about problems: one sentence for each kind of repair. */
export function nextSteps(problems: readonly StoredProblem[]): readonly string[] {
  return [...new Set(problems.map(nextStep))];
}

function nextStep({ resource, kind, acknowledgeable }: StoredProblem): string {
  if (resource === undefined) {
    return acknowledgeable
      ? 'Audit entries are missing or do not verify. Find out why, then run "spike operator acknowledge" so that pruning and writes go on.'
      : "Audit entries contradict each other: the database has shown different states. Treat it as hostile, and compare it with a backup.";
  }
  if (kind === "unknown_key") return "Rows need a root key that the worker lacks: put it back into SPIKE_ROOT_KEYS.";
  if (resource === "store") return 'The store row does not verify: run "spike operator rebuild store".';
  if (kind === "damaged_node") return 'The authority trie is damaged: run "spike operator rebuild authority".';
  if (resource.startsWith("node:")) {
    return 'Policies or trust bundles are lost: put them again or delete them. If no name is listed for one, run "spike operator rebuild authority".';
  }
  if (resource.startsWith("secret:")) {
    return 'Secrets do not verify: restore their rows from a backup, or run "spike operator remove PATH" and write the values again.';
  }
  return "Policies or trust bundles do not verify or are lost, and grant nothing: put them again, or delete them.";
}
