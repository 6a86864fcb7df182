/** A bound that a JSON text exceeds. */
export type ExceededBound = "too-deep" | "too-many-values" | "name-too-long";

export const MAX_DEPTH = 32;

/** Characters of a member's name as written. The longest name of a secret's value is 250, six times that in escapes. */
export const MAX_NAME_LENGTH = 2048;

const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const LOWER_E = 0x65;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The first index from `start` on that is not white space. */
export function afterSpace(text: string, start: number): number {
  for (let index = start; ; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== SPACE && code !== LINE_FEED && code !== TAB && code !== CARRIAGE_RETURN) return index;
  }
}

/** The index after the closing quote of the string that starts at `start`; undefined if the string does not end. */
export function endOfString(text: string, start: number): number | undefined {
  const { length } = text;
  let index = start + 1;
  while (index < length) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index + 1;
    index += code === BACKSLASH ? 2 : 1;
  }
  return undefined;
}

/** The value of a string in its quotes; undefined if it holds an invalid escape or a raw control character. */
export function decodeString(raw: string): string | undefined {
  // Neither a backslash nor a control character: the value is the text itself.
  if (!/[^ -[\]-\uFFFF]/.test(raw)) return raw.slice(1, -1);
  try {
    return String(JSON.parse(raw));
  } catch {
    // The engine's message quotes the text.
    return undefined;
  }
}

/** The index after the number that starts at `start`; undefined if no number starts there (RFC 8259, section 6). */
export function endOfNumber(text: string, start: number): number | undefined {
  const first = text.charCodeAt(start) === MINUS ? start + 1 : start;
  let end = text.charCodeAt(first) === ZERO ? first + 1 : afterDigits(text, first);
  if (end === first) return undefined;
  let code = text.charCodeAt(end);
  if (code === POINT) {
    const fraction = end + 1;
    end = afterDigits(text, fraction);
    if (end === fraction) return undefined;
    code = text.charCodeAt(end);
  }
  if (code === LOWER_E || code === UPPER_E) {
    const sign = text.charCodeAt(end + 1);
    const exponent = sign === PLUS || sign === MINUS ? end + 2 : end + 1;
    end = afterDigits(text, exponent);
    if (end === exponent) return undefined;
  }
  return end;
}

function afterDigits(text: string, start: number): number {
  let index = start;
  for (let code = text.charCodeAt(index); code >= ZERO && code <= NINE; code = text.charCodeAt(index)) index += 1;
  return index;
}

/**
 * The first bound that a text exceeds after a syntax error at `from.index`. Brackets, commas and strings count, whether or
 * not they are in a valid position. `from` has the depth and the numbers of values and names before that index.
 */
export function exceededBound(
  text: string,
  from: { readonly index: number; readonly depth: number; readonly values: number; readonly names: number },
  maxValues: number,
): ExceededBound | undefined {
  let { depth, values, names } = from;
  for (let { index } = from; index < text.length; index += 1) {
    switch (text.charCodeAt(index)) {
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (depth === MAX_DEPTH) return "too-deep";
        depth += 1;
        values += 1;
        break;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (depth > 0) depth -= 1;
        break;
      case COMMA:
        values += 1;
        break;
      case QUOTE: {
        const end = endOfString(text, index) ?? text.length;
        const next = afterSpace(text, end);
        // A string before a colon counts as a name.
        if (text.charCodeAt(next) === COLON) {
          if (end - index - 2 > MAX_NAME_LENGTH) return "name-too-long";
          names += 1;
        }
        index = next - 1;
        break;
      }
      default:
        continue;
    }
    if (values > maxValues || names > maxValues) return "too-many-values";
  }
  return undefined;
}
