import { delegationOf, type Exchange, type Operation, type Request } from "../history/history.ts";
import { type CheckContext, secretFor, type Violation } from "./check-context.ts";
import { contains, nextBoundary, nextInside } from "./intervals.ts";
import { ALL_REVISIONS, inside, intersection, outside, type RevisionSet } from "./revision-set.ts";
import { latestAt, newestAt, nextPut, type SecretTimeline, versionAt, versionsOf } from "./secret-timeline.ts";

/** The revisions at which a 404, 409 or 422 is correct, without regard to permissions. */
export function revisionsMatchingRefusal(
  context: CheckContext,
  operation: Operation,
  { status }: Exchange,
): RevisionSet | Violation {
  const { request, reusesKeyOf } = operation;
  if (reusesKeyOf !== undefined) {
    if (status === 422) {
      const first = context.commits.byOperation[reusesKeyOf];
      return first === undefined ? ALL_REVISIONS : inside([first.entry.revision, Infinity]);
    }
    const detail = `The key of operation ${reusesKeyOf} was used for another request, and the response was ${status}.`;
    return { kind: "wrong_refusal", others: [reusesKeyOf], detail };
  }
  const matching =
    status === 404 ? notFound(context, request) : status === 409 ? conflict(context, request) : undefined;
  return matching ?? { kind: "unexpected_response", detail: `The response to a ${request.kind} had status ${status}.` };
}

function notFound(context: CheckContext, request: Request): RevisionSet | undefined {
  switch (request.kind) {
    case "get": {
      const secret = secretFor(context, request.path);
      if (request.number === 0) return inside(secret.noCurrent);
      const versions = versionsOf(secret, request.number);
      return versions.map(({ live }) => outside(live)).reduce(intersection, ALL_REVISIONS);
    }
    case "metadata":
    case "delete":
      return outside(secretFor(context, request.path).exists);
    case "undelete":
      return nothingToUndelete(secretFor(context, request.path), request);
    case "revoke":
      return outside(context.store.policies.get(request.team)?.exists ?? []);
    case "undelegate":
      return outside(context.store.policies.get(delegationOf(request.team))?.exists ?? []);
    case "put":
    case "list":
    case "grant":
    case "delegate":
    case "prune":
      return undefined;
  }
}

/** The revisions at which the expected version, `cas`, is not the latest one. */
function conflict(context: CheckContext, request: Request): RevisionSet | undefined {
  if (!("cas" in request) || request.cas === undefined) return undefined;
  const { kind, path, cas } = request;
  const secret = secretFor(context, path);
  return {
    next(from) {
      let revision = from;
      while (revision < Infinity) {
        const latest = latestAt(secret, revision);
        // A delete or undelete of a path that does not exist is a 404, not a conflict.
        if (latest !== cas && (latest > 0 || kind === "put")) return revision;
        revision = nextChangeOfLatest(secret, revision);
      }
      return Infinity;
    },
  };
}

/** The revisions at which the path does not exist, or `cas` is the latest version and no listed version is deleted. */
function nothingToUndelete(
  secret: SecretTimeline,
  { numbers, cas }: Extract<Request, { readonly kind: "undelete" }>,
): RevisionSet {
  const listed = numbers.length === 0 ? [0] : numbers;
  return {
    next(from) {
      let revision = from;
      while (revision < Infinity) {
        if (!contains(secret.exists, revision)) return revision;
        if (cas !== undefined && latestAt(secret, revision) !== cas) {
          revision = nextChangeOfLatest(secret, revision);
          continue;
        }
        const until = Math.max(...listed.map((number) => deletedUntil(secret, number, revision)));
        if (until <= revision) return revision;
        revision = until;
      }
      return Infinity;
    },
  };
}

function nextChangeOfLatest(secret: SecretTimeline, revision: number): number {
  return Math.min(nextPut(secret, revision), nextBoundary(secret.exists, revision));
}

/** The revision up to which a version stays deleted. `revision` itself if the version is not deleted at it. */
function deletedUntil(secret: SecretTimeline, number: number, revision: number): number {
  const version = number === 0 ? newestAt(secret, revision) : versionAt(secret, number, revision);
  if (version === undefined || version.goneAt <= revision) return revision;
  const until = Math.min(nextInside(version.live, revision), version.goneAt);
  // Zero means another version after the next put.
  return number === 0 ? Math.min(until, Math.max(revision, nextPut(secret, revision))) : until;
}
