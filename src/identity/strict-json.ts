/** Why a text was refused as JSON. Stable codes; nothing of the text is in them. */
export type StrictJsonRefusal = "too-large" | "not-json" | "too-deep" | "duplicate-member";

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: StrictJsonRefusal };

const MAX_DEPTH = 32;

/** Ten times a large bundle. Far beyond it, an engine's regular expressions may run out of stack. */
const MAX_LENGTH = 1_048_576;

/** In valid JSON: a string, with the colon that makes it a member's name if there is one, or a bracket. */
const tokensIn = (text: string) => text.matchAll(/("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[{}[\]]/g);

/**
 * Parses JSON (RFC 8259) of at most 1 Mi characters in which no object, at any depth, names a member twice and nothing
 * is nested deeper than 32.
 *
 * `JSON.parse` keeps the last of two equal names, other parsers the first: a token or bundle with a duplicate means two
 * things to two readers (RFC 7515, section 5.2; RFC 7519, section 4). Integers that a double can't hold come
 * back as `bigint`, never rounded. Linear in the length of the text.
 */
export function parseStrictJson(text: string): StrictJson {
  if (text.length > MAX_LENGTH) return { ok: false, reason: "too-large" };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's message quotes the text.
    return { ok: false, reason: "not-json" };
  }
  const reason = structuralFault(text);
  if (reason !== undefined) return { ok: false, reason };
  return { ok: true, value: /\d{16}/.test(text) ? JSON.parse(text, keepBigIntegers) : value };
}

/** Walks the brackets and names of a text that is known to be JSON, which is why one regular expression is enough. */
function structuralFault(text: string): "too-deep" | "duplicate-member" | undefined {
  const open: Set<string>[] = [];
  for (const [token, string, colon] of tokensIn(text)) {
    if (token === "{" || token === "[") {
      if (open.push(new Set()) > MAX_DEPTH) return "too-deep";
    } else if (token === "}" || token === "]") {
      open.pop();
    } else if (string !== undefined && colon !== undefined) {
      // Parsed, because "exp" and "\u0065xp" are one name.
      const name: string = JSON.parse(string);
      const names = open.at(-1);
      if (names?.has(name)) return "duplicate-member";
      names?.add(name);
    }
  }
  return undefined;
}

function keepBigIntegers(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  return /^-?\d+$/.test(context?.source ?? "") ? BigInt(context?.source ?? "") : value;
}
