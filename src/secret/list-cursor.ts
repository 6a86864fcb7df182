import { decodeBase64url, encodeBase64url } from "../encoding/base64.ts";
import { decodeUtf8, encodeUtf8 } from "../encoding/utf8.ts";
import type { RandomBytes } from "../seal/data-key.ts";
import { type KeyRing, requireRingKey } from "../seal/key-ring.ts";
import { type Context, openRecord, sealRecord } from "../seal/record.ts";
import { SealError } from "../seal/seal-error.ts";
import type { Violation } from "../json/fault.ts";
import { parseSecretPath, PATH_RULE, type SecretPath } from "./secret-path.ts";

/** No path contains it, so a cursor is never mistaken for a path. */
const MARK = "~";

const CURSOR = /^~[\w-]+$/;

/** Says which texts name a place in a list. */
export const PLACE_RULE: Violation = { rule: `${PATH_RULE.rule}, or the next of the previous page` };

/** Whether a text may name a place in a list. Only {@link parsePlace} knows whether a cursor is genuine. */
export function isPlace(text: string): boolean {
  return CURSOR.test(text) || parseSecretPath(text) !== undefined;
}

/** Maximum length of a path. All cursors are equally long, so that they do not reveal the length of their path. */
const PATH_LENGTH = 500;

/**
 * A place in a list that the caller may not see: the path where the work for one page ended. Sealed, so that the cursor reveals
 * no path, and bound to the caller.
 */
export async function sealCursor(
  { ring, randomBytes }: { readonly ring: KeyRing; readonly randomBytes: RandomBytes },
  { path, caller }: { readonly path: string; readonly caller: string },
): Promise<string> {
  const { id, policy: key } = ring.primary;
  const options = { context: contextOf(caller), nonce: randomBytes(12) };
  return MARK + encodeBase64url(await sealRecord({ id, key }, encodeUtf8(path.padEnd(PATH_LENGTH)), options));
}

/** The place that a caller names: empty for the start, a path, or a cursor of this caller. Undefined for any other text. */
export async function parsePlace(
  ring: KeyRing,
  text: string,
  caller: string | undefined,
): Promise<SecretPath | "" | undefined> {
  if (text === "") return text;
  if (!text.startsWith(MARK)) return parseSecretPath(text);
  const record = decodeBase64url(text.slice(MARK.length));
  if (record === undefined || caller === undefined) return undefined;
  try {
    const opened = await openRecord((keyId) => requireRingKey(ring, keyId).policy, record, contextOf(caller));
    return parseSecretPath(decodeUtf8(opened).trimEnd());
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

function contextOf(caller: string): Context {
  return { label: "secrets.list.cursor", fields: [caller] };
}
