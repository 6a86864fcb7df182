import { isInside, lastInside, nextInside } from "./intervals.ts";
import { type Problem, type Scene, type Seen, windowOf } from "./scene.ts";

/** Names what is wrong with a list; `prefix` is that of all it may show, if it may show any. */
export function explainList(
  scene: Scene,
  seen: Seen,
  { prefix, keys }: { readonly prefix: string | undefined; readonly keys: readonly string[] },
): Problem {
  const { lower, upper } = seen;
  const listed = new Set(keys);
  const foreign = keys.find((key) => {
    const exists = scene.world.secrets.get(key)?.exists ?? [];
    return prefix === undefined || !key.startsWith(prefix) || nextInside(exists, lower) > upper;
  });
  if (foreign !== undefined) {
    const detail = `The list named "${foreign}", which was not there for the caller to see ${windowOf(seen)}.`;
    return { kind: "list_foreign", path: foreign, detail };
  }
  const absent = scene.lists.tracksOf(prefix ?? "").filter(({ path }) => !listed.has(path));
  // What stood there first is the plainest case.
  const missing =
    absent.find(({ exists }) => isInside(exists, lower)) ?? absent.find(({ exists }) => lastInside(exists, upper) >= 0);
  const detail = `The list of "${prefix}" left out "${missing?.path}", which was there ${windowOf(seen)}.`;
  return { kind: "list_missing", ...(missing && { path: missing.path }), detail };
}
