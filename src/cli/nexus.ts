import { readFile } from "node:fs/promises";
import { CliError } from "./cli-error.ts";
import type { Surroundings } from "./surroundings.ts";

/** Where the service is, and the file that has the caller's JWT-SVID. */
export interface Connection {
  readonly url?: string;
  readonly tokenFile?: string;
}

/** Compact serialization (RFC 7515, section 3.1). */
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** A service that may be asked again: it is down, busy, or was not reached. */
export class TryAgain extends CliError {}

/**
 * Asks the service for one operation, and gives the members of its answer.
 *
 * @param what what is attempted, as in "Cannot WHAT"
 * @throws TryAgain, CliError
 */
export async function askNexus(
  surroundings: Surroundings,
  connection: Connection,
  { what, target, body }: { readonly what: string; readonly target: string; readonly body: object },
): Promise<Readonly<Record<string, unknown>>> {
  const { env } = surroundings;
  const base = connection.url ?? env["SPIKE_NEXUS_API_URL"] ?? "http://127.0.0.1:8787";
  const authorization = `Bearer ${await readToken(connection.tokenFile ?? env["SPIKE_TOKEN_FILE"], what)}`;
  let response: Response;
  let text: string;
  try {
    const init = { method: "POST", headers: { authorization }, body: JSON.stringify(body) };
    response = await surroundings.fetch(new URL(`/v1/${target}`, base).href, init);
    text = await response.text();
  } catch {
    throw new TryAgain(`Cannot ${what}: nothing answers at ${base}. Is it running, and is this its address (--url)?`);
  }
  const answer = readObject(text);
  if (response.status === 200 && answer !== undefined) return answer;
  throw refusal({ what, base, response, err: answer?.["err"] });
}

async function readToken(file: string | undefined, what: string): Promise<string> {
  if (file === undefined) {
    throw new CliError(`Cannot ${what}: name the file that has your JWT-SVID by --token-file or SPIKE_TOKEN_FILE`, 2);
  }
  let token: string;
  try {
    token = (await readFile(file, "utf8")).trim();
  } catch {
    throw new CliError(`Cannot ${what}: "${file}", which should have your JWT-SVID, cannot be read`);
  }
  // The wrong file may be one that has a share in it. It is not sent anywhere.
  if (!JWT.test(token)) throw new CliError(`Cannot ${what}: "${file}" has no JWT-SVID in it, or more than that`);
  return token;
}

function readObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

function refusal(at: {
  readonly what: string;
  readonly base: string;
  readonly response: Response;
  readonly err: unknown;
}): CliError {
  const { what, base, response, err } = at;
  const id = response.headers.get("x-request-id");
  const inLog = id === null ? "" : ` Its log has more, under ${id}.`;
  switch (response.status) {
    case 401:
      return new CliError(`Cannot ${what}: this identity may not. The token may have expired, or be of another role.`);
    case 409:
      return new CliError(
        err === "key_not_first"
          ? `Cannot ${what}: the worker that answered does not have this key first in SPIKE_ROOT_KEYS. Is that a slip, or has it not got the new setting yet?`
          : `Cannot ${what}: the first key of SPIKE_ROOT_KEYS is not registered. Run "spike operator register" first.`,
      );
    case 503:
      return err === "state_not_ready"
        ? new CliError(`Cannot ${what}: the service has no root key, or is not configured.${inLog}`)
        : new TryAgain(`Cannot ${what}: the service cannot reach its database now. Try again.${inLog}`);
    case 400:
      return new CliError(`Cannot ${what}: the service does not know this request. Is it SPIKE Edge of this version?`);
    default:
      return response.status >= 500
        ? new CliError(`Cannot ${what}: the service failed (${response.status}).${inLog}`)
        : new CliError(`Cannot ${what}: ${base} answers ${response.status}, which is none of SPIKE's answers.`);
  }
}
