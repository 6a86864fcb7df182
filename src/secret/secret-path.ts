/** A path that passed {@link parseSecretPath}. */
export type SecretPath = string & { readonly brand: "SecretPath" };

/** SPIKE's alphabet of secret paths: every character of a path pattern but `^` and `$`. One class: linear time. */
const PATH = /^[a-zA-Z0-9._\-/()?+*|[\]{}\\]{1,500}$/;

/**
 * A secret's path, byte for byte as sent: `a/b` and `/a/b` are two secrets, nothing is normalised. Undefined outside
 * the alphabet or 1 to 500 bytes (SPIKE SDK, validation/validation.go).
 */
export function parseSecretPath(text: string): SecretPath | undefined {
  return isSecretPath(text) ? text : undefined;
}

function isSecretPath(text: string): text is SecretPath {
  return PATH.test(text);
}
