import { readFile } from "node:fs/promises";
import { CliError } from "./cli-error.ts";
import type { CliIo } from "./cli-io.ts";
import { describeConflict } from "./operator/describe-conflict.ts";
import { readServiceUrl } from "./service-url.ts";

/** The service's URL and the file that contains the caller's JWT-SVID. */
export interface Connection {
  readonly url?: string;
  readonly tokenFile?: string;
}

export interface NexusRequest {
  /** The attempted action, for errors: "Cannot ACTION: …". */
  readonly action: string;
  /** Path below `/v1/`. */
  readonly target: string;
  readonly body: object;
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** Compact serialization (RFC 7515, section 3.1). */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** The service is down, busy or unreachable. The same request may succeed later. */
export class RetryableError extends CliError {}

/**
 * Sends one request to the service and returns the JSON object of its response.
 *
 * @throws RetryableError, CliError
 */
export async function callNexus(io: CliIo, connection: Connection, request: NexusRequest): Promise<JsonObject> {
  const { action, target, body } = request;
  const base = readServiceUrl(connection.url, io.env, action);
  const authorization = `Bearer ${await readToken(connection.tokenFile || io.env["SPIKE_TOKEN_FILE"], action)}`;
  let response: Response;
  let text: string;
  try {
    // A redirect could lead to another host, or from https: to http:.
    const init = {
      method: "POST",
      headers: { authorization },
      body: JSON.stringify(body),
      redirect: "manual",
    } as const;
    response = await io.fetch(`${base}/v1/${target}`, init);
    text = await response.text();
  } catch {
    throw new RetryableError(
      `Cannot ${action}: no response from ${base}. Check that the service is running and that this URL is correct.`,
    );
  }
  const json = parseObject(text);
  if (response.status === 200 && json !== undefined) return json;
  throw toError({ action, base, response, json });
}

async function readToken(file: string | undefined, action: string): Promise<string> {
  if (file === undefined || file === "") {
    throw new CliError(`Cannot ${action}: no JWT-SVID. Name its file with --token-file or SPIKE_TOKEN_FILE.`, 2);
  }
  let token: string;
  try {
    token = (await readFile(file, "utf8")).trim();
  } catch {
    throw new CliError(`Cannot ${action}: the JWT-SVID file "${file}" cannot be read.`);
  }
  // The user may have named the wrong file, such as one that contains a share. Its content must not be sent.
  if (!JWT.test(token)) throw new CliError(`Cannot ${action}: "${file}" does not contain exactly one JWT-SVID.`);
  return token;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function toError(failure: {
  readonly action: string;
  readonly base: string;
  readonly response: Response;
  readonly json: JsonObject | undefined;
}): CliError {
  const { action, base, response, json } = failure;
  const { status } = response;
  const err = json?.["err"];
  const id = response.headers.get("x-request-id");
  const logHint = id === null ? "" : ` See its log for request ID ${id}.`;
  // Another server has another body for a path that it does not know.
  if (err === "api_not_found") return new CliError(`Cannot ${action}: it does not exist.`);
  switch (status) {
    case 401:
      return new CliError(
        `Cannot ${action}: permission denied. The token may have expired, or its SPIFFE ID may lack the required role.`,
      );
    case 409:
      return new CliError(`Cannot ${action}: ${describeConflict(err)}${reasonText(json?.["reason"])}`);
    case 503:
      return err === "state_not_ready"
        ? new CliError(`Cannot ${action}: the service has no root key or is not configured.${logHint}`)
        : new RetryableError(`Cannot ${action}: the service cannot reach its database. Try again later.${logHint}`);
    case 400:
      return new CliError(
        `Cannot ${action}: the service rejected the request as malformed${reasonText(json?.["reason"])}. Check that it runs this version of SPIKE Edge.`,
      );
    default:
      if (status >= 300 && status < 400) {
        return new CliError(
          `Cannot ${action}: ${base} redirects (status ${status}), and redirects are not followed. Set --url to the URL of the service itself.`,
        );
      }
      return status >= 500
        ? new CliError(`Cannot ${action}: the service failed with status ${status}.${logHint}`)
        : new CliError(`Cannot ${action}: ${base} responded with status ${status}. Check that it is SPIKE Edge.`);
  }
}

/** The service's reason for a 400, which has a member and a rule; empty if it is missing or has another shape. */
function reasonText(reason: unknown): string {
  if (typeof reason !== "object" || reason === null || !("member" in reason) || !("rule" in reason)) return "";
  const { member, rule } = reason;
  return typeof member === "string" && typeof rule === "string" ? ` (${member} ${rule})` : "";
}
