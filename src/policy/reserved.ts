import { RE2JS } from "re2js";
import type { Matcher } from "./matcher.ts";

/** The path whose permissions are those over the policies themselves. */
export const SYSTEM_ACL = "spike/system/acl";
/** The path whose `list` lists all secrets. */
export const SYSTEM_SECRET = "spike/system/secret";
/** The path whose `execute` encrypts and decrypts. */
export const SYSTEM_CIPHER_EXEC = "spike/system/cipher/exec";

/** Paths that stand for the service itself. Exactly these: `spike/system` and what is below are ordinary paths. */
export const RESERVED_PATHS = [SYSTEM_ACL, SYSTEM_SECRET, SYSTEM_CIPHER_EXEC] as const;

/** One of {@link RESERVED_PATHS}. */
export type ReservedPath = (typeof RESERVED_PATHS)[number];

/** The two patterns of a policy: who, and where. */
interface PolicyPatterns {
  readonly spiffeId: Matcher;
  readonly path: Matcher;
}

/** Whether a path is a reserved one. */
export function isReserved(path: string): path is ReservedPath {
  return RESERVED_PATHS.some((reserved) => reserved === path);
}

/** No ID and part of none: whoever admits it admits everybody, and says so. */
const PROBE = "spike-arbitrary-probe-value";

/**
 * Whether a policy that reaches a reserved path may count there: its path pattern describes that path as a whole, and
 * its SPIFFE ID pattern is precise or a plain catch-all.
 *
 * Against this: a pattern is found anywhere in a text, so `write` on `acl` would make its holder the master of all
 * policies, and `spiffe://example\.org/admin` admits `spiffe://example.org/admin-attacker`.
 */
export function qualifies({ spiffeId, path }: PolicyPatterns, reserved: ReservedPath): boolean {
  return matchesWhole(path, reserved) && (isAnchored(spiffeId.text) || matchesWhole(spiffeId, PROBE));
}

/**
 * The first reserved path that a policy reaches without qualifying, or `undefined`: such a policy is refused.
 *
 * All three are tested. SPIKE tests the first one that is reached only, and accepts `spike/system/acl|secret`, which
 * describes that path and lends out the listing of all secrets.
 */
export function guardProblem(patterns: PolicyPatterns): ReservedPath | undefined {
  return RESERVED_PATHS.find((reserved) => patterns.path.matches(reserved) && !qualifies(patterns, reserved));
}

/** As SPIKE tests it: by the text. Alternatives, which `^a$|b$` would hide behind it, aren't in an ID pattern's alphabet. */
function isAnchored(text: string): boolean {
  return text.startsWith("^") && text.endsWith("$");
}

/** Whether the pattern, wrapped up, matches all of the text. An open `\Q` swallows the wrapping: that matches nothing. */
function matchesWhole({ text }: Matcher, input: string): boolean {
  try {
    return RE2JS.compile(`^(?:${text})$`).test(input);
  } catch {
    return false;
  }
}
