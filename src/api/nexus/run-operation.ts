import type { Context } from "hono";
import type { Fault } from "../../json/fault.ts";
import type { AppEnv } from "../app-env.ts";
import { type Granted, determineAccess } from "./determine-access.ts";
import type { Answer } from "./failure.ts";
import { identifyCaller, proveByConfiguration } from "./identify-caller.ts";
import type { DepsSource, Operation } from "./operation.ts";
import { type PathRequest, readRequest } from "./read-request.ts";
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
  return await run(c, read, granted);
}

/** Visible ASCII: any client can send it in a header, and any log can show it. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

const KEY_FAULT: Fault = { member: "Idempotency-Key", rule: "must be 1 to 255 visible ASCII characters", limit: 255 };

async function run(c: Context<AppEnv>, request: PathRequest, { caller, access, scope }: Granted): Promise<Answer> {
  const idempotencyKey = c.req.header("idempotency-key");
  const source = depsSource(c, access);
  const { parsed } = request;
  const isKeyMalformed = idempotencyKey !== undefined && !IDEMPOTENCY_KEY.test(idempotencyKey);
  const fault = parsed.fault ?? (isKeyMalformed ? KEY_FAULT : undefined);
  if (fault !== undefined) return await refuseIfPermitted(source.write, fault, scope);
  const origin = { caller, idempotencyKey, traceId: source.requestId };
  const answer = await parsed.run(source, { origin, path: request.path, scope });
  return answer.ok ? withWarnings(answer, parsed.unknown) : answer;
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
  const { platform } = c.env;
  const { ring, rootKeys } = c.get("keys");
  const store = c.get("store");
  return {
    write: {
      store,
      ring,
      attempts: c.get("attempts"),
      randomBytes: (length) => platform.randomBytes(length),
      access,
    },
    bulkStore: store,
    rootKeys,
    service: c.env,
    requestId: c.get("requestId"),
  };
}
