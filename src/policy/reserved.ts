import { RE2JS } from "re2js";
import type { Matcher } from "./matcher.ts";

/** Permissions on this path are permissions on policies. */
export const SYSTEM_ACL = "spike/system/acl";
/** `list` on this path lists all secrets. */
export const SYSTEM_SECRET = "spike/system/secret";
/** `execute` on this path encrypts and decrypts. */
export const SYSTEM_CIPHER_EXEC = "spike/system/cipher/exec";

/** Paths that control the service itself. Only these three: `spike/system` and other paths below it are ordinary. */
export const RESERVED_PATHS = [SYSTEM_ACL, SYSTEM_SECRET, SYSTEM_CIPHER_EXEC] as const;

/** One of {@link RESERVED_PATHS}. */
export type ReservedPath = (typeof RESERVED_PATHS)[number];

interface PolicyPatterns {
  readonly spiffeId: Matcher;
  readonly path: Matcher;
}

export function isReserved(path: string): path is ReservedPath {
  return RESERVED_PATHS.some((reserved) => reserved === path);
}

/** Not part of any SPIFFE ID. A pattern that matches it as a whole matches everything, and does so openly. */
const PROBE = "spike-arbitrary-probe-value";

/**
 * Whether a policy may apply to a reserved path: its path pattern must match that path as a whole, and its SPIFFE ID
 * pattern must be anchored at both ends or be a plain catch-all.
 *
 * Patterns match anywhere in a text. Without this rule, `write` on the path pattern `acl` would permit changing all
 * policies, and `spiffe://example\.org/admin` would also match `spiffe://example.org/admin-attacker`.
 */
export function qualifies({ spiffeId, path }: PolicyPatterns, reserved: ReservedPath): boolean {
  return matchesWhole(path, reserved) && (isAnchored(spiffeId.text) || matchesWhole(spiffeId, PROBE));
}

/**
 * The first reserved path that a policy matches without qualifying for it. Such a policy is refused.
 *
 * All three paths are checked. SPIKE checks only the first match, and so accepts `spike/system/acl|secret`, which qualifies
 * for the first path and also permits listing all secrets.
 */
export function findUnqualifiedPath(patterns: PolicyPatterns): ReservedPath | undefined {
  return RESERVED_PATHS.find((reserved) => patterns.path.matches(reserved) && !qualifies(patterns, reserved));
}

/** Tests the text, as SPIKE does. An alternative such as `^a$|b$` would pass, but ID patterns cannot contain `|`. */
function isAnchored(text: string): boolean {
  return text.startsWith("^") && text.endsWith("$");
}

/** Whether the pattern matches the whole input. After an open `\Q`, the closing `)$` is quoted text: no match. */
function matchesWhole({ text }: Matcher, input: string): boolean {
  try {
    return RE2JS.compile(`^(?:${text})$`).test(input);
  } catch {
    return false;
  }
}
