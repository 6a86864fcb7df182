import { callNexus, type Connection, type JsonObject } from "../call-nexus.ts";
import { CliError } from "../cli-error.ts";
import type { CliIo } from "../cli-io.ts";

/** One root key in the response of `operator/status`. */
export interface KeyStatus {
  readonly keyId: string;
  readonly inRing: boolean;
  readonly registered: boolean;
  /** Number of rows under this key, by kind. */
  readonly rows: Readonly<Record<string, number>>;
  readonly auditEntries: number;
}

export interface RingStatus {
  readonly storeId: string;
  readonly primary: string | undefined;
  readonly first: string;
  readonly keys: readonly KeyStatus[];
  /** The whole response. */
  readonly json: JsonObject;
}

/** Reads which rows depend on which root key. @throws CliError */
export async function readRingStatus(io: CliIo, connection: Connection): Promise<RingStatus> {
  const request = { action: "read the root key status", target: "operator/status", body: {} };
  const json = await callNexus(io, connection, request);
  const { storeId, primary, first, keys } = json;
  if (typeof storeId !== "string" || typeof first !== "string" || !Array.isArray(keys) || !keys.every(isKeyStatus)) {
    throw new CliError("Cannot read the root key status: this is not the response of this version of SPIKE Edge.");
  }
  return { storeId, primary: typeof primary === "string" ? primary : undefined, first, keys, json };
}

/** Number of rows that depend on a key, without audit entries. */
export function countRows({ rows }: KeyStatus): number {
  return Object.values(rows).reduce((sum, count) => sum + count, 0);
}

function isKeyStatus(value: unknown): value is KeyStatus {
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
