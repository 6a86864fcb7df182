import { clean } from "../runtime/clean.ts";
import { formatServerUrl, parseServerUrl } from "../runtime/server-url.ts";
import { CliError } from "./cli-error.ts";

const DEFAULT = "http://127.0.0.1:8787";

/**
 * The URL of the service, without a slash at the end: from `--url`, else from `SPIKE_NEXUS_API_URL`. An empty one counts as not
 * set. Its path is kept, because a proxy may give other paths of the same host to other services, which must not get the token.
 *
 * `action` is the attempted action, for errors.
 *
 * @throws CliError
 */
export function readServiceUrl(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  action: string,
): string {
  const option = clean(given ?? "");
  const source = option === undefined ? "SPIKE_NEXUS_API_URL" : "--url";
  const text = option ?? clean(env["SPIKE_NEXUS_API_URL"] ?? "") ?? DEFAULT;
  const parsed = parseServerUrl(text, { schemes: ["https", "http"], credentials: "--token-file for the token" });
  if (!parsed.ok) throw new CliError(`Cannot ${action}: ${source} ${parsed.problems.join("; ")}.`, 2);
  if (parsed.value.query !== undefined) throw new CliError(`Cannot ${action}: ${source} must not have a query (?).`, 2);
  return formatServerUrl(parsed.value.url).replace(/\/$/, "");
}
