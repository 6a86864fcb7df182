import type { Context } from "hono";
import { parseJsonObject } from "../../json/json-object.ts";
import { parseSecretPath, type SecretPath } from "../../secret/secret-path.ts";
import { tryDecodeUtf8 } from "../../encoding/utf8.ts";
import type { AppEnv } from "../app-env.ts";
import { readBody } from "../read-body.ts";
import { type Refusal, refused } from "./failure.ts";
import type { Operation, ParsedRequest } from "./operation.ts";

/** A request whose body was read. */
export interface PathRequest {
  readonly parsed: ParsedRequest;
  /** Undefined if the request has no path, or a malformed one. */
  readonly path: SecretPath | undefined;
  /** To be refused only after the caller is known. */
  readonly isPathMalformed: boolean;
}

/** Reads the body: at most `maxBodyBytes`, JSON, and fields of the right types. */
export async function readRequest(
  operation: Operation,
  c: Context<AppEnv>,
): Promise<({ readonly ok: true } & PathRequest) | Refusal> {
  const parsed = await parseBody(operation, c);
  if ("ok" in parsed) return parsed;
  const path = parsed.path === undefined ? undefined : parseSecretPath(parsed.path);
  const resource = path === undefined ? parsed.resource : `secret:${path}`;
  if (resource !== undefined) c.get("trail").resource = resource;
  return { ok: true, parsed, path, isPathMalformed: parsed.path !== undefined && path === undefined };
}

/** Reads JSON, unless the operation accepts bytes and the content type is exactly `application/octet-stream`. */
async function parseBody(operation: Operation, c: Context<AppEnv>): Promise<ParsedRequest | Refusal> {
  const { parseOctets, unreadableOctets } = operation;
  const isOctets = parseOctets !== undefined && c.req.header("content-type") === "application/octet-stream";
  const body = await readBody(c.req.raw, c.env.maxBodyBytes, c.get("attempts").deadline);
  if (!body.ok) {
    if (body.reason === "too_large") return refused("body_too_large");
    const text = isOctets ? unreadableOctets : undefined;
    return { ...refused("unreadable_body"), ...(text !== undefined && { text }) };
  }
  if (isOctets) return parseOctets(body.bytes);
  // A byte order mark stays, and makes the JSON invalid, as in Go.
  const text = tryDecodeUtf8(body.bytes);
  const json = text === undefined ? undefined : parseJsonObject(text);
  return (json && operation.parse(json)) ?? refused("bad_request");
}
