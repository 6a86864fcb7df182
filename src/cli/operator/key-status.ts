import { CliError } from "../cli-error.ts";
import { askNexus, type Connection } from "../nexus.ts";
import type { Surroundings } from "../surroundings.ts";

/** A key as `operator/status` tells of it. */
export interface KeyStatus {
  readonly keyId: string;
  readonly inRing: boolean;
  readonly registered: boolean;
  /** Rows by kind. */
  readonly rows: Readonly<Record<string, number>>;
  readonly auditEntries: number;
}

export interface Status {
  readonly primary: string | undefined;
  readonly first: string;
  readonly keys: readonly KeyStatus[];
  /** The whole answer. */
  readonly json: object;
}

/** What depends on which key. @throws CliError */
export async function readStatus(surroundings: Surroundings, connection: Connection): Promise<Status> {
  const request = { what: "read the state of the root keys", target: "operator/status", body: {} };
  const json = await askNexus(surroundings, connection, request);
  const { primary, first, keys } = json;
  if (typeof first !== "string" || !Array.isArray(keys) || !keys.every(isKey)) {
    throw new CliError("Cannot read the state of the root keys: the answer is none of SPIKE Edge of this version.");
  }
  return { primary: typeof primary === "string" ? primary : undefined, first, keys, json };
}

/** How many rows depend on a key, audit entries aside. */
export function rowsOf({ rows }: KeyStatus): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

function isKey(value: unknown): value is KeyStatus {
  if (typeof value !== "object" || value === null) return false;
  return (
    "keyId" in value &&
    typeof value.keyId === "string" &&
    "inRing" in value &&
    "registered" in value &&
    "auditEntries" in value &&
    "rows" in value &&
    typeof value.rows === "object"
  );
}
