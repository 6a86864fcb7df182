/**
 * True if a page of another origin sent the request. A browser presents a client certificate with such requests too, as it
 * sends cookies. Page scripts cannot set or remove these two headers (Fetch Metadata; Fetch, section 4.1). Programs send
 * neither.
 *
 * `none` is a request that the user started, for instance in the address bar. `same-site` counts as another site: a sibling
 * host may belong to someone else.
 */
export function isCrossSite(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  const origin = request.headers.get("origin");
  return (
    (site !== null && site !== "same-origin" && site !== "none") || (origin !== null && origin !== ownOrigin(request))
  );
}

/** Client certificates require TLS, although a proxy may pass the request on without it. */
function ownOrigin({ url }: Request): string | undefined {
  const own = `https://${URL.canParse(url) ? new URL(url).host : ""}`;
  return URL.canParse(own) ? new URL(own).origin : undefined;
}
