/** A path that passed {@link parseSecretPath}. */
export type SecretPath = string & { readonly brand: "SecretPath" };

/** SPIKE's alphabet for secret paths: that of path patterns, without `^` and `$`. A single class, so it runs in linear time. */
const PATH = /^[a-zA-Z0-9._\-/()?+*|[\]{}\\]{1,500}$/;

export const PATH_RULE = {
  rule: "must be 1 to 500 characters of a-z A-Z 0-9 . _ - / ( ) ? + * | [ ] { } \\",
  limit: 500,
} as const;

/**
 * Parses a secret's path without normalising it: `a/b` and `/a/b` are two secrets. Returns undefined if it contains a
 * character outside the alphabet, or is not 1 to 500 bytes long (SPIKE SDK, validation/validation.go).
 */
export function parseSecretPath(text: string): SecretPath | undefined {
  return isSecretPath(text) ? text : undefined;
}

function isSecretPath(text: string): text is SecretPath {
  return PATH.test(text);
}
