import type { Context } from "hono";
import { tryDecodeUtf8 } from "../../encoding/utf8.ts";
import { parseJsonObject } from "../../json/json-object.ts";
import { parseSecretPath, type SecretPath } from "../../secret/secret-path.ts";
import type { AppEnv } from "../app-env.ts";
import { readBody } from "../read-body.ts";
import { badRequest, type Refusal, refused } from "./failure.ts";
import type { Operation, ParsedBody, ParsedRequest } from "./operation.ts";

/** A request whose body was read. */
export interface PathRequest {
  readonly parsed: ParsedRequest;
  /** Undefined if the request has no path, or a malformed one. */
  readonly path: SecretPath | undefined;
  /** To be refused only after the caller is known. */
  readonly isPathMalformed: boolean;
}

/** Reads the body: at most `maxBodyBytes`, not compressed, JSON, and members of the right types. */
export async function readRequest(
  operation: Operation,
  c: Context<AppEnv>,
): Promise<({ readonly ok: true } & PathRequest) | Refusal> {
  const read = await parseBody(operation, c);
  if (!read.ok) return "failure" in read ? read : badRequest(read.fault);
  const parsed = read.request;
  const path = parsed.path === undefined ? undefined : parseSecretPath(parsed.path);
  const resource = path === undefined ? parsed.resource : `secret:${path}`;
  if (resource !== undefined) c.get("trail").resource = resource;
  return { ok: true, parsed, path, isPathMalformed: parsed.path !== undefined && path === undefined };
}

/** Reads JSON, unless the operation accepts bytes and the content type is exactly `application/octet-stream`. */
async function parseBody(operation: Operation, c: Context<AppEnv>): Promise<ParsedBody | Refusal> {
  const { parseOctets, unreadableOctets } = operation;
  const { maxBodyBytes } = c.env;
  if (!/^(?:identity)?$/i.test(c.req.header("content-encoding") ?? "")) return refused("unsupported_encoding");
  const isOctets = parseOctets !== undefined && c.req.header("content-type") === "application/octet-stream";
  const body = await readBody(c.req.raw, maxBodyBytes, c.get("attempts").deadline);
  if (!body.ok) {
    switch (body.reason) {
      case "too_large":
        return { ok: false, failure: { code: "body_too_large", maxBytes: maxBodyBytes } };
      case "too_slow":
        return refused("body_too_slow");
      case "unreadable": {
        const text = isOctets ? unreadableOctets : undefined;
        return { ...refused("unreadable_body"), ...(text !== undefined && { text }) };
      }
    }
  }
  if (isOctets) return { ok: true, request: parseOctets(body.bytes) };
  // A byte order mark stays, and makes the JSON invalid, as in Go.
  const text = tryDecodeUtf8(body.bytes);
  if (text === undefined) return { ok: false, fault: { member: "body", rule: "must be UTF-8" } };
  const json = parseJsonObject(text);
  return json.ok ? operation.parse(json.object) : { ok: false, fault: { member: "body", ...json.violation } };
}
