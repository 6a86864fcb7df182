/** What of a URL a request is aimed at, as it was sent: nothing decoded, resolved or folded. */
export interface Target {
  readonly path: string;
  /** Without its question mark; undefined where there is none. */
  readonly query: string | undefined;
}

/** Scheme and authority, then the path, then the query. No part can end where another one could: linear time. */
const URL_PARTS = /^[a-z]+:\/\/[^/?#]*(\/[^?#]*)?(?:\?([^#]*))?$/;

/**
 * The one reading of a request's target. Undefined for a URL that is none of a request: one with a fragment, for instance.
 *
 * Not the URL class's, nor a router's: they take `/v1/store/x/../secrets`, `/v1/store%2Fsecrets` or `?%61ction=get` for
 * something else than what was sent, and whatever stands in front of the worker may take them for a third thing.
 */
export function targetOf(url: string): Target | undefined {
  const parts = URL_PARTS.exec(url);
  return parts === null ? undefined : { path: parts[1] ?? "", query: parts[2] };
}
