const LONGEST_URL = 2048;

/**
 * A place that bundles may be fetched from: `https`, without user or password (SPIFFE Federation, section 5.2.1), and without
 * a fragment, which is never sent. As it is written, or undefined.
 */
export function parseEndpointUrl(text: string): string | undefined {
  if (text.length > LONGEST_URL || !/^https:\/\/[^/\\][!-[\]-~]*$/.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  // "https://@host" has an empty user, which the URL class drops.
  const hasUser = url.username !== "" || url.password !== "" || /^https:\/\/[^/?#]*@/.test(text);
  return url.protocol === "https:" && url.hostname !== "" && !hasUser && !text.includes("#") ? text : undefined;
}
