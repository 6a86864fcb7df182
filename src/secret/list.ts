import { verifyStore } from "../commit/store-row.ts";
import { SealError } from "../seal/seal-error.ts";
import type { PathScope, VisiblePaths } from "../store/access.ts";
import { load } from "../store/load.ts";
import { failed, type SecretResult } from "./failure.ts";
import type { SecretDeps } from "./deps.ts";
import { parseSecretPath } from "./secret-path.ts";

/** The maximum number of names in one response. */
export const MAX_NAMES = 10_000;

/** The maximum number of names filtered for a caller who may see only some of them. */
const MAX_FILTERED = 50_000;

interface ListOptions {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number | undefined;
}

/**
 * Lists the paths that begin with `prefix` and come after `after`, in ascending order of their UTF-8 bytes, including fully
 * deleted secrets. Without `limit`, more than 10 000 paths are a failure, so that a partial list never looks complete.
 *
 * One round trip for callers who may list everything. Others get the paths in their `scope`, in two round trips.
 *
 * @throws SealError, StoreUnavailable
 */
export async function listSecrets(
  deps: SecretDeps,
  options: ListOptions,
  scope: PathScope | undefined,
): Promise<SecretResult<readonly string[]>> {
  const { prefix, after, limit = MAX_NAMES + 1 } = options;
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
    { ...options, scope },
    { visible: await scope.read(snapshot), epoch: snapshot.store.epoch },
  );
}

async function listVisible(
  deps: SecretDeps,
  options: ListOptions & { readonly scope: PathScope },
  first: { readonly visible: VisiblePaths; readonly epoch: number },
): Promise<SecretResult<readonly string[]>> {
  const { prefix, after, limit = MAX_NAMES + 1, scope } = options;
  let { visible, epoch } = first;
  for (;;) {
    if (visible.within.length === 0) return failed("denied");
    const paths = { prefix, after, limit: MAX_FILTERED + 1, within: visible.within };
    const snapshot = await load(deps.store, { ...scope.query, paths }, deps.attempts);
    await verifyStore(deps.ring, snapshot);
    if (snapshot.store.epoch === epoch) {
      requirePage(snapshot.paths, paths);
      const found = (await filterVisible(deps, snapshot.paths, visible)).slice(0, limit);
      const complete = found.length === limit || snapshot.paths.length <= MAX_FILTERED;
      return complete ? answer(found) : failed("too_many_names");
    }
    // Policies have changed since: the visible paths and the listed paths must come from the same epoch.
    ({ epoch } = snapshot.store);
    visible = await scope.read(snapshot);
  }
}

/** Paths matched between two turns of the event loop, so that slow patterns cannot outrun the deadline. */
const FILTER_CHUNK = 1000;

async function filterVisible(
  { attempts }: SecretDeps,
  paths: readonly string[],
  visible: VisiblePaths,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (let start = 0; start < paths.length; start += FILTER_CHUNK) {
    if (start > 0) await attempts.sleep(0, attempts.deadline);
    found.push(...paths.slice(start, start + FILTER_CHUNK).filter((path) => visible.includes(path)));
  }
  return found;
}

function answer(paths: readonly string[]): SecretResult<readonly string[]> {
  return paths.length > MAX_NAMES ? failed("too_many_names") : { ok: true, answer: paths };
}

/** The database can forge a list. This limits it to valid paths, in order, with the requested prefix, and not too many. */
function requirePage(
  paths: readonly string[],
  page: { readonly prefix: string; readonly after: string; readonly limit: number },
): void {
  const { prefix, after, limit } = page;
  const fits = (path: string, index: number): boolean =>
    path > (paths[index - 1] ?? after) && path.startsWith(prefix) && parseSecretPath(path) !== undefined;
  if (paths.length > limit || !paths.every(fits)) {
    throw new SealError("inconsistent", "a list contains paths that were not requested");
  }
}
