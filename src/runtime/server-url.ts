import { invalid, type Parsed, valid } from "./parsed.ts";

/** The URL of a server, and its query, which each setting handles by itself. */
export interface ServerUrl {
  readonly scheme: string;
  /** Without a query. The scheme is `http:` or `https:`, for which `URL` checks and normalizes the host. */
  readonly url: URL;
  /** Without the question mark. Undefined if the URL has none. */
  readonly query: string | undefined;
}

/** Schemes that users try. Others are not named in a problem: the text before the colon may be anything. */
const REFUSED: readonly string[] = ["file", "ws", "wss"];
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/**
 * Parses the URL of a server, which must be complete. `new URL` alone would accept `http:host`, `http:\\host`, tabs inside of
 * the host and an empty host after `libsql://`, and other parsers read these in other ways.
 *
 * `schemes` are without the colon. `credentials` is the setting that takes them instead of the URL.
 */
export function parseServerUrl(
  text: string,
  { schemes, credentials }: { readonly schemes: readonly string[]; readonly credentials: string },
): Parsed<ServerUrl> {
  const [, scheme = "", slashes] = /^([a-z][a-z0-9+.-]*):(\/\/)?/i.exec(text)?.map((part) => part?.toLowerCase()) ?? [];
  if (slashes === undefined || !schemes.includes(scheme)) return invalid(schemeProblem(scheme, slashes, schemes));
  // oxlint-disable-next-line no-control-regex
  if (/[\s\\\u0000-\u001f\u007f]/.test(text)) return invalid("must not contain white space or backslashes");
  if (text.includes("#")) return invalid("must not have a fragment (#)");
  const [address = "", ...queries] = text.slice(scheme.length + 3).split("?");
  if (address === "" || address.startsWith("/")) return invalid("must name a host");
  if (address.split("/", 1)[0]?.includes("@") === true) {
    return invalid(`must not have a user or a password: use ${credentials}`);
  }
  const absolute = `${scheme === "http" ? "http" : "https"}://${address}`;
  if (!URL.canParse(absolute)) return invalid("must have a valid host and port");
  return valid({ scheme, url: new URL(absolute), query: queries.length === 0 ? undefined : queries.join("?") });
}

function schemeProblem(scheme: string, slashes: string | undefined, schemes: readonly string[]): string {
  const wanted = schemes.map((each) => `${each}://`);
  const rule = `must begin with ${wanted.slice(0, -1).join(", ")} or ${wanted.at(-1)}`;
  if (REFUSED.includes(scheme)) return `${rule}, not with ${scheme}:`;
  return schemes.includes(scheme) && slashes === undefined ? `${rule}: the two slashes are missing` : rule;
}

/** `http://db.example.org:8080` or, with a path, `http://db.example.org/store/`: requests resolve their path against it. */
export function formatServerUrl({ protocol, host, pathname }: URL): string {
  const path = pathname.replace(/\/+$/, "");
  return `${protocol}//${host}${path === "" ? "" : `${path}/`}`;
}

/** Whether requests to this host stay on this machine. */
export function isLoopback({ hostname }: URL): boolean {
  return LOOPBACK.test(hostname);
}
