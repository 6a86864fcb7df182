const MAX_URL_LENGTH = 2048;

/**
 * Parses the URL of a bundle endpoint: `https`, without user or password (SPIFFE Federation, section 5.2.1), and without a
 * fragment, because fragments are never sent. Returns the text unchanged, or undefined.
 */
export function parseEndpointUrl(text: string): string | undefined {
  if (text.length > MAX_URL_LENGTH || !/^https:\/\/[^/\\][!-[\]-~]*$/.test(text) || !URL.canParse(text)) {
    return undefined;
  }
  const url = new URL(text);
  // The URL class drops the empty user of "https://@host".
  const hasUser = url.username !== "" || url.password !== "" || /^https:\/\/[^/?#]*@/.test(text);
  return url.protocol === "https:" && url.hostname !== "" && !hasUser && !text.includes("#") ? text : undefined;
}
