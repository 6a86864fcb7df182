import type { Fault } from "./fault.ts";
import type { JsonObject } from "./json-object.ts";
import type { Member } from "./member.ts";

/** What the members of a body may be, by name. */
export type Members = Readonly<Record<string, Member<unknown>>>;

/** The values that {@link readMembers} reads. */
export type ValuesOf<M extends Members> = {
  readonly [Name in keyof M]: M[Name] extends Member<infer Value> ? Value : never;
};

type ReadMembers<M extends Members> =
  | { readonly ok: true; readonly values: ValuesOf<M> }
  | { readonly ok: false; readonly fault: Fault };

/** Reads the members, or finds the first one of the wrong type. Names are found regardless of case, as in Go. */
export function readMembers<M extends Members>(body: JsonObject, members: M): ReadMembers<M> {
  const values: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(members)) {
    const read = member.read(body.get(name.toLowerCase()));
    if (!read.ok) return { ok: false, fault: { member: name, ...read.violation } };
    values[name] = read.value;
  }
  // TypeScript cannot type the result of a loop over members of different types.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { ok: true, values: values as ValuesOf<M> };
}

/** Finds the first member whose value breaks its rule. */
export function checkMembers<M extends Members>(values: ValuesOf<M>, members: M): Fault | undefined {
  for (const [name, member] of Object.entries(members)) {
    const violation = member.check(values[name]);
    if (violation !== undefined) return { member: name, ...violation };
  }
  return undefined;
}

/**
 * The names, as sent, of the members that are not known.
 *
 * @param known in lower case
 */
export function unknownMembers(body: JsonObject, known: ReadonlySet<string>): readonly string[] {
  return [...body].filter(([folded]) => !known.has(folded)).map(([, { name }]) => name);
}
