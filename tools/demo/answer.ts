import { CommandError } from "../command/command-error.ts";

/** An answer of the service, as it came. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** What came of a write. */
export type WriteAnswer =
  | { readonly ok: true; readonly version: number; readonly revision: number }
  | { readonly ok: false; readonly status: number; readonly err: string };

/** What came of a read. */
export type ReadAnswer =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly status: number; readonly err: string };

/** @throws CommandError if it is neither a write's success nor a refusal */
export function toWriteAnswer({ status, body }: Answer): WriteAnswer {
  if (status !== 200) return { ok: false, status, err: textIn(body, "err") };
  return { ok: true, version: numberIn(body, "version"), revision: numberIn(body, "revision") };
}

/** A member that has to be a number. @throws CommandError */
export function numberIn(body: unknown, name: string): number {
  const found = memberOf(body, name);
  return typeof found === "number" ? found : refuse(body, `"${name}" is no number`);
}

/** A member that has to be text. @throws CommandError */
export function textIn(body: unknown, name: string): string {
  const found = memberOf(body, name);
  return typeof found === "string" ? found : refuse(body, `"${name}" is no text`);
}

/** A member that has to be a list. @throws CommandError */
export function listIn(body: unknown, name: string): readonly unknown[] {
  const found = memberOf(body, name);
  return Array.isArray(found) ? found : refuse(body, `"${name}" is no list`);
}

/** Whatever stands there, if anything. */
export function memberOf(body: unknown, name: string): unknown {
  return typeof body === "object" && body !== null ? Reflect.get(body, name) : undefined;
}

function refuse(body: unknown, why: string): never {
  throw new CommandError(`Cannot use the answer ${JSON.stringify(body)}: ${why}`, { exitCode: 1 });
}
