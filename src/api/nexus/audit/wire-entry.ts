import type { ReadEntry } from "../../../audit/read-audit.ts";
import { encodeBase64url } from "../../../encoding/base64.ts";
import { findJsonFault } from "../../../json/parse-json.ts";
import { wireTime } from "../wire-time.ts";

/** More members and elements than any outcome of ours has: two lists of 10 000 version numbers. */
const MAX_OUTCOME_VALUES = 25_000;

/** 0000-01-01T00:00:00.000Z and 9999-12-31T23:59:59.999Z: years in RFC 3339 have four digits. */
const FIRST_TIME = -62_167_219_200_000;
const LAST_TIME = 253_402_300_799_999;

/** The JSON of an audit entry. `authentic` is null and `status` is present if the worker lacks the entry's key. */
export function wireEntry({ entry, status }: ReadEntry): object {
  const { revision, at, workerAt, spiffeId, action, resource, seq, outcome, traceId, writeId, base, epoch, keyId } =
    entry;
  return {
    revision,
    time: readableTime(at),
    workerTime: readableTime(workerAt),
    spiffeId,
    action,
    resource,
    outcome: readableOutcome(outcome),
    traceId,
    seq,
    writeId,
    base,
    epoch,
    keyId,
    mac: encodeBase64url(entry.mac),
    ...(status === "unverified" ? { authentic: null, status } : { authentic: status === "authentic" }),
  };
}

/** Someone who controls the database can store an entry with a time that RFC 3339 cannot express. It is shown as stored. */
function readableTime(at: number): string {
  return at >= FIRST_TIME && at <= LAST_TIME ? wireTime(at) : String(at);
}

/** The outcome of such an entry may not be a JSON object. It is shown as stored. */
function readableOutcome(outcome: string): unknown {
  return outcome.startsWith("{") && findJsonFault(outcome, MAX_OUTCOME_VALUES) === undefined
    ? JSON.parse(outcome)
    : outcome;
}
