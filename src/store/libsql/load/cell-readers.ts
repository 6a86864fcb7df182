import { hexToBytes } from "@noble/curves/utils.js";
import type { Bytes } from "../../rows.ts";
import { malformed } from "./malformed.ts";

/** Checks one value of an answer, which comes from outside. Throws {@link malformed} for anything unexpected. */
export type Read<T> = (value: unknown) => T;

export const readInteger: Read<number> = (value) => {
  // The JSON parser rounds integers that a double can't hold, and never to a safe one.
  if (typeof value === "number" && Number.isSafeInteger(value)) return value;
  throw malformed("a value is not an integer");
};

/** This code never writes it, and every check of a row rejects it. */
const ALTERED = Number.MIN_SAFE_INTEGER;

/**
 * Reads an integer of a row that has a MAC or seal of its own. An integer that this code can't have written becomes one that
 * does not verify, so that the row fails like any altered row and can be named, removed or written again. As a malformed answer
 * it would fail every load that contains the row.
 */
export const readVerifiable: Read<number> = (value) =>
  Number.isInteger(value) && !Number.isSafeInteger(value) ? ALTERED : readInteger(value);

export const readText: Read<string> = (value) => {
  if (typeof value === "string") return value;
  throw malformed("a value is not a text");
};

export const readHex: Read<Bytes> = (value) => {
  try {
    if (typeof value === "string") return hexToBytes(value);
  } catch {
    // Reported below.
  }
  throw malformed("a value is not hexadecimal");
};

export const readFlag: Read<boolean> = (value) => readInteger(value) === 1;

/** Up to the year 9999: later times could be stored, but not printed. */
export const readTime: Read<number> = (value) => {
  const time = readInteger(value);
  if (time >= 0 && time <= 253_402_300_799_999) return time;
  throw malformed("a value is not a time");
};

export function orNull<T>(read: Read<T>): Read<T | null> {
  return (value) => (value === null ? null : read(value));
}

/** Undefined for NULL: no such row, or one that the caller may not see. */
export function orAbsent<T>(read: Read<T>): Read<T | undefined> {
  return (value) => (value === null ? undefined : read(value));
}

/** An empty list for NULL, as for a caller who may not see the list. */
export function readList<T>(read: Read<T>): Read<readonly T[]> {
  return (value) => {
    if (value === null) return [];
    if (!Array.isArray(value)) throw malformed("a value is not a list");
    return value.map((item: unknown) => read(item));
  };
}
