import { type CheckContext, describeBounds, type Observation, type Violation } from "./check-context.ts";
import { contains, lastInside, nextInside } from "./intervals.ts";

/** Names the anomaly of a list. @param prefix common prefix of the visible paths; undefined if none are visible */
export function diagnoseList(
  { store, lists }: CheckContext,
  observation: Observation,
  { prefix, keys }: { readonly prefix: string | undefined; readonly keys: readonly string[] },
): Violation {
  const { lower, upper } = observation;
  const bounds = describeBounds(observation);
  const unexpected = keys.find((key) => {
    const exists = store.secrets.get(key)?.exists ?? [];
    return prefix === undefined || !key.startsWith(prefix) || nextInside(exists, lower) > upper;
  });
  if (unexpected !== undefined) {
    const detail = `The list contained "${unexpected}", which the caller could not see ${bounds}.`;
    return { kind: "list_unexpected", path: unexpected, detail };
  }
  const listed = new Set(keys);
  const absent = lists.secretsBelow(prefix ?? "").filter(({ path }) => !listed.has(path));
  // Prefer a path that existed at the lower bound: the clearest evidence.
  const missing =
    absent.find(({ exists }) => contains(exists, lower)) ?? absent.find(({ exists }) => lastInside(exists, upper) >= 0);
  const detail = `The list of "${prefix}" omitted "${missing?.path}", which existed ${bounds}.`;
  return { kind: "list_missing", ...(missing && { path: missing.path }), detail };
}
