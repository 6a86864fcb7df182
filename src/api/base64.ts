/** Characters that are passed to one call at most: engines bound the number of arguments. */
const PIECE = 8192;

/** Standard base64 with padding (RFC 4648, section 4), which is how Go writes bytes. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let start = 0; start < bytes.length; start += PIECE) {
    binary += String.fromCharCode(...bytes.subarray(start, start + PIECE));
  }
  return btoa(binary);
}
