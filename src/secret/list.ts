import { verifyStore } from "../commit/store-row.ts";
import { SealError } from "../seal/seal-error.ts";
import type { PathScope, VisiblePaths } from "../store/access.ts";
import { load } from "../store/load.ts";
import type { AnySnapshot, PathPage, Query, Snapshot } from "../store/store.ts";
import type { SecretDeps } from "./deps.ts";
import { failed, type SecretResult } from "./failure.ts";
import { sealCursor } from "./list-cursor.ts";
import { ListWalk, MAX_NAMES } from "./list-walk.ts";
import { parseSecretPath } from "./secret-path.ts";

/** How often a list without `limit` starts again because secrets were created or removed while it was read. */
const MAX_RESTARTS = 5;

interface ListOptions {
  readonly prefix: string;
  readonly after: string;
  readonly limit: number | undefined;
}

interface SecretList {
  /** In ascending order of their UTF-8 bytes. */
  readonly keys: readonly string[];
  /** Where to go on, if the work for one page was used up before it was full. Opaque: see {@link sealCursor}. */
  readonly next: string | undefined;
}

/**
 * Lists the paths that begin with `prefix` and come after `after`, including fully deleted secrets.
 *
 * Without `limit`, the list is complete and from one moment. More than 10 000 paths are a failure, so that a partial list never
 * looks complete. With `limit`, it is a page. A page with fewer names and no `next` is the last one. A path that
 * exists while all the pages are read is on one of them.
 *
 * One round trip for callers who may list everything. Others get the paths in their `scope`, in two round trips. Long paths, and
 * paths that a pattern rejects, take more, up to the limits of {@link ListWalk}.
 *
 * @throws SealError, StoreUnavailable, PolicyOverflow
 */
export async function listSecrets(
  deps: SecretDeps,
  options: ListOptions,
  scope: PathScope | undefined,
): Promise<SecretResult<SecretList>> {
  const { prefix, after, limit } = options;
  const paths = { prefix, after, limit: limit ?? MAX_NAMES + 1 };
  const first = await loadPaths(deps, { ...deps.access.query, ...scope?.query, paths });
  let snapshot: AnySnapshot = first;
  let changes = 0;
  for (;;) {
    const sight = await readSight(deps, scope, snapshot);
    if (sight === undefined) return failed("denied");
    const isComplete = sight.visible === undefined && snapshot === first;
    const found = await readList(deps, { ...options, scope, sight }, isComplete ? first : undefined);
    if ("ok" in found) return found;
    if (found.paths.changed) changes += 1;
    if (changes > MAX_RESTARTS) return failed("too_many_names");
    snapshot = found;
  }
}

/** What a caller may see, and the epoch at which that was decided. */
interface Sight {
  /** Undefined: every path. */
  readonly visible: VisiblePaths | undefined;
  readonly epoch: number;
}

/** Undefined if the caller may see nothing. */
async function readSight(
  { access }: SecretDeps,
  scope: PathScope | undefined,
  snapshot: AnySnapshot,
): Promise<Sight | undefined> {
  const { epoch } = snapshot.store;
  if (await access.permits(snapshot)) return { visible: undefined, epoch };
  const visible = await scope?.read(snapshot);
  if (visible === undefined || visible.within.length === 0) return undefined;
  await access.requireCurrent?.(snapshot);
  return { visible, epoch };
}

type PathsQuery = Pick<Query, "grants" | "identityGrants" | "trust" | "entryMacs" | "heartbeat"> & {
  readonly paths: NonNullable<Query["paths"]>;
};

/**
 * Reads one list or page, with as many loads as it needs. All loads must be of the same epoch and, without `limit`, of
 * the same set of paths. Otherwise returns the snapshot that differs.
 */
async function readList(
  deps: SecretDeps,
  request: ListOptions & { readonly scope: PathScope | undefined; readonly sight: Sight },
  first: Snapshot<PathsQuery> | undefined,
): Promise<SecretResult<SecretList> | Snapshot<PathsQuery>> {
  const { prefix, limit, scope, sight } = request;
  const { visible, epoch } = sight;
  const { access } = deps;
  const { entryMacs, heartbeat } = access.query;
  const walk = new ListWalk(request, visible);
  let since: number | undefined;
  for (let snapshot = first; ; snapshot = undefined) {
    snapshot ??= await loadPaths(deps, {
      ...(visible === undefined ? access.query : { ...(entryMacs && { entryMacs }), ...(heartbeat && { heartbeat }) }),
      ...scope?.query,
      paths: {
        prefix,
        after: walk.last,
        limit: walk.rows,
        ...(visible && { within: visible.within }),
        ...(limit === undefined && since !== undefined && { since }),
      },
    });
    if (snapshot.store.epoch !== epoch || snapshot.paths.changed) return snapshot;
    // The replica may have gone back since the load that decided what the caller may see.
    if (snapshot !== first) await access.requireCurrent?.(snapshot);
    since ??= snapshot.store.revision;
    switch (await walk.add(snapshot.paths, deps.attempts)) {
      case "unfinished":
        break;
      case "done":
        return { ok: true, answer: { keys: walk.keys, next: undefined } };
      case "cut": {
        const next = scope && (await sealCursor(deps, { path: walk.last, caller: scope.caller }));
        return { ok: true, answer: { keys: walk.keys, next } };
      }
      case "too_many":
        return failed("too_many_names");
    }
  }
}

async function loadPaths({ store, ring, attempts }: SecretDeps, query: PathsQuery): Promise<Snapshot<PathsQuery>> {
  const snapshot = await load(store, query, attempts);
  await verifyStore(ring, snapshot);
  requirePage(snapshot.paths, query.paths);
  return snapshot;
}

/** The database can forge a list. This limits it to valid paths, in order, with the requested prefix, and not too many. */
function requirePage(
  { rows, more }: PathPage,
  page: { readonly prefix: string; readonly after: string; readonly limit: number },
): void {
  const { prefix, after, limit } = page;
  const fits = (path: string, index: number): boolean =>
    path > (rows[index - 1] ?? after) && path.startsWith(prefix) && parseSecretPath(path) !== undefined;
  const isStuck = more && rows.length === 0;
  if (rows.length > limit || isStuck || !rows.every(fits)) {
    throw new SealError("inconsistent", "a list contains paths that were not requested");
  }
}
