import type { Context } from "hono";
import { withBookmarks } from "../../commit/bookmark/with-bookmarks.ts";
import type { Fault } from "../../json/fault.ts";
import type { Access } from "../../store/access.ts";
import type { AppEnv } from "../app-env.ts";
import { reportReplica } from "../report-problems.ts";
import { BOOKMARK_HEADER, readBookmarks } from "./read-bookmarks.ts";
import { type Granted, determineAccess } from "./determine-access.ts";
import type { Answer } from "./failure.ts";
import { identifyCaller, proveByConfiguration } from "./identify-caller.ts";
import type { DepsSource, Operation } from "./operation.ts";
import { type PathRequest, readRequest } from "./read-request.ts";
import { readNear } from "./read-near.ts";
import { refuseIfPermitted } from "./refuse-if-permitted.ts";

/**
 * Runs the checks in their order: encoding and size (413, 415), JSON and types (400), identity (401), path (400),
 * permission (401), and values (400). No check up to the types makes a database request.
 *
 * Policies are evaluated in the snapshot that the operation loads anyway, so that they cost no round trip of their own. If
 * the caller's trust bundle is stored, the identity is proved in that snapshot too. Until then it is a claim, and a malformed
 * path costs one round trip to refuse.
 */
export async function runOperation(operation: Operation, c: Context<AppEnv>): Promise<Answer> {
  const read = await readRequest(operation, c);
  if (!read.ok) {
    await proveByConfiguration(c);
    return read;
  }
  const identified = await identifyCaller(c);
  if (!identified.ok) return identified;
  const granted = await determineAccess(operation, c, { ...identified, ...read });
  if (!granted.ok) return granted;
  return await run(operation, c, read, granted);
}

/** Visible ASCII: any client can send it in a header, and any log can show it. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

const KEY_FAULT: Fault = { member: "Idempotency-Key", rule: "must be 1 to 255 visible ASCII characters", limit: 255 };

async function run(operation: Operation, c: Context<AppEnv>, request: PathRequest, granted: Granted): Promise<Answer> {
  const { caller, scope } = granted;
  const idempotencyKey = c.req.header("idempotency-key");
  const bookmarks = await judgeBookmarks(c, granted.access);
  const source = depsSource(c, bookmarks.access);
  const { parsed } = request;
  const isKeyMalformed = idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey);
  const fault = parsed.fault ?? (isKeyMalformed ? KEY_FAULT : undefined) ?? bookmarks.fault;
  if (fault !== undefined) return await refuseIfPermitted(source.write, fault, scope);
  const origin = { caller, idempotencyKey, traceId: source.requestId };
  const runWith = async (deps: DepsSource): Promise<Answer> =>
    await parsed.run(deps, { origin, path: request.path, scope });
  const answer = (operation.isRead ? await readNear(c, source, runWith) : undefined) ?? (await runWith(source));
  return answer.ok ? withWarnings(answer, parsed.unknown) : answer;
}

/** Access that depends on the bookmarks of the request, if it shows some. */
async function judgeBookmarks(
  c: Context<AppEnv>,
  access: Access,
): Promise<{ readonly access: Access; readonly fault?: Fault }> {
  const header = c.req.header(BOOKMARK_HEADER);
  if (header === undefined) return { access };
  const read = await readBookmarks(c.get("keys").ring, header);
  if (!read.ok) return { access, fault: read.fault };
  return { access: withBookmarks(access, read.held, (mark) => c.set("mark", mark)) };
}

/** Names of unknown members in a warning, and characters of a name. They bound the length of the answer. */
const MAX_NAMED = 10;
const MAX_NAME_LENGTH = 100;

function withWarnings(answer: Extract<Answer, { readonly ok: true }>, unknown: readonly string[]): Answer {
  if (unknown.length === 0) return answer;
  const named = unknown.slice(0, MAX_NAMED).map((name) => JSON.stringify(name.slice(0, MAX_NAME_LENGTH)));
  const more = unknown.length > MAX_NAMED ? ` and ${unknown.length - MAX_NAMED} more` : "";
  const sentence = `Unknown members were ignored: ${named.join(", ")}${more}.`;
  return { ...answer, warnings: [...(answer.warnings ?? []), sentence] };
}

function depsSource(c: Context<AppEnv>, access: Granted["access"]): DepsSource {
  const { platform, replicaReads } = c.env;
  const { ring, rootKeys } = c.get("keys");
  const store = c.get("store");
  return {
    write: {
      store,
      ring,
      attempts: c.get("attempts"),
      randomBytes: (length) => platform.randomBytes(length),
      access,
      onCommitted: (mark) => c.set("mark", mark),
      onReplicaUnusable: reportReplica(platform.log, c.get("requestId")),
      heartbeatMs: replicaReads && replicaReads.maxStalenessMs / 4,
    },
    bulkStore: store,
    rootKeys,
    service: c.env,
    requestId: c.get("requestId"),
  };
}
