import { verifyStore } from "../commit/store-row.ts";
import { SealError } from "../seal/seal-error.ts";
import type { PathScope, VisiblePaths } from "../store/access.ts";
import { load } from "../store/load.ts";
import { failed, type SecretResult } from "./failure.ts";
import type { SecretDeps } from "./deps.ts";
import { parseSecretPath } from "./secret-path.ts";

/** The most names one answer holds. */
export const MAX_NAMES = 10_000;

/** The most names that are looked through for one answer of a caller who may not see all of them. */
const MAX_SIFTED = 50_000;

interface Asked {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number | undefined;
}

/**
 * Paths that begin with `prefix`, those of fully deleted secrets included, as UTF-8 bytes ascending, from `after`
 * (exclusive) on. Without `limit` all of them or, beyond 10 000, a failure: never a part that looks like the whole.
 *
 * One round trip for whoever may list everything. Others get the paths of their `scope`, in two.
 *
 * @throws SealError, StoreUnavailable
 */
export async function listSecrets(
  deps: SecretDeps,
  asked: Asked,
  scope: PathScope | undefined,
): Promise<SecretResult<readonly string[]>> {
  const { prefix, after, limit = MAX_NAMES + 1 } = asked;
  const paths = { prefix, after, limit };
  const snapshot = await load(deps.store, { ...deps.access.query, ...scope?.query, paths }, deps.attempts);
  await verifyStore(deps.ring, snapshot);
  if (await deps.access.permits(snapshot)) {
    requirePage(snapshot.paths, paths);
    return answer(snapshot.paths);
  }
  if (scope === undefined) return failed("denied");
  return await listVisible(
    deps,
    { ...asked, scope },
    { visible: await scope.read(snapshot), epoch: snapshot.store.epoch },
  );
}

async function listVisible(
  deps: SecretDeps,
  asked: Asked & { readonly scope: PathScope },
  first: { readonly visible: VisiblePaths; readonly epoch: number },
): Promise<SecretResult<readonly string[]>> {
  const { prefix, after, limit = MAX_NAMES + 1, scope } = asked;
  let { visible, epoch } = first;
  for (;;) {
    if (visible.within.length === 0) return failed("denied");
    const paths = { prefix, after, limit: MAX_SIFTED + 1, within: visible.within };
    const snapshot = await load(deps.store, { ...scope.query, paths }, deps.attempts);
    await verifyStore(deps.ring, snapshot);
    if (snapshot.store.epoch === epoch) {
      requirePage(snapshot.paths, paths);
      const found = (await sift(deps, snapshot.paths, visible)).slice(0, limit);
      const sifted = found.length === limit || snapshot.paths.length <= MAX_SIFTED;
      return sifted ? answer(found) : failed("too_many_names");
    }
    // Some right has changed in between: what is visible has to be of the same moment as what is listed.
    ({ epoch } = snapshot.store);
    visible = await scope.read(snapshot);
  }
}

/** Paths matched in one go: patterns are other people's, and the deadline has to get a word in. */
const SIFTED_AT_ONCE = 1000;

async function sift(
  { attempts }: SecretDeps,
  paths: readonly string[],
  visible: VisiblePaths,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (let start = 0; start < paths.length; start += SIFTED_AT_ONCE) {
    if (start > 0) await attempts.sleep(0, attempts.deadline);
    found.push(...paths.slice(start, start + SIFTED_AT_ONCE).filter((path) => visible.includes(path)));
  }
  return found;
}

function answer(paths: readonly string[]): SecretResult<readonly string[]> {
  return paths.length > MAX_NAMES ? failed("too_many_names") : { ok: true, answer: paths };
}

/** A list can be forged, but not into what nobody asked for: only paths, in order, of that prefix, no more than wanted. */
function requirePage(
  paths: readonly string[],
  asked: { readonly prefix: string; readonly after: string; readonly limit: number },
): void {
  const { prefix, after, limit } = asked;
  const fits = (path: string, index: number): boolean =>
    path > (paths[index - 1] ?? after) && path.startsWith(prefix) && parseSecretPath(path) !== undefined;
  if (paths.length > limit || !paths.every(fits)) {
    throw new SealError("inconsistent", "a list holds what was not asked for");
  }
}
