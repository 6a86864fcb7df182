import { CommandError } from "../command/command-error.ts";

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
  /** `Spike-Bookmark`, if the response has one. */
  readonly bookmark?: string | undefined;
}

interface Failure {
  readonly ok: false;
  readonly status: number;
  readonly err: string;
}

export type WriteResult =
  | Failure
  | {
      readonly ok: true;
      readonly version: number;
      readonly revision: number;
      readonly bookmark?: string | undefined;
    };

export type ReadResult = Failure | { readonly ok: true; readonly value: string };

/** @throws CommandError if the body is malformed */
export function toWriteResult({ status, body, bookmark }: ApiResponse): WriteResult {
  if (status !== 200) return { ok: false, status, err: textIn(body, "err") };
  return { ok: true, version: numberIn(body, "version"), revision: numberIn(body, "revision"), bookmark };
}

/** @throws CommandError if the member is not a number */
export function numberIn(body: unknown, name: string): number {
  const value = memberOf(body, name);
  return typeof value === "number" ? value : refuse(body, `"${name}" is not a number`);
}

/** @throws CommandError if the member is not a string */
export function textIn(body: unknown, name: string): string {
  const value = memberOf(body, name);
  return typeof value === "string" ? value : refuse(body, `"${name}" is not a string`);
}

/** @throws CommandError if the member is not an array */
export function listIn(body: unknown, name: string): readonly unknown[] {
  const value = memberOf(body, name);
  return Array.isArray(value) ? value : refuse(body, `"${name}" is not an array`);
}

/** Returns undefined if the body is not an object or has no such member. */
export function memberOf(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
}

function refuse(body: unknown, reason: string): never {
  throw new CommandError(`Cannot use the response ${JSON.stringify(body)}: ${reason}`, { exitCode: 1 });
}
