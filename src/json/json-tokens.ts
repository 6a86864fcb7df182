const TAB = 0x09;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const UPPER_E = 0x45;
const LOWER_E = 0x65;

/** The first index from `start` on that is not white space. */
export function afterSpace(text: string, start: number): number {
  for (let index = start; ; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== SPACE && code !== LINE_FEED && code !== TAB && code !== CARRIAGE_RETURN) return index;
  }
}

/** The index after the closing quote of the string that starts at `start`; undefined if the string does not end. */
export function endOfString(text: string, start: number): number | undefined {
  let quote = start;
  do {
    quote = text.indexOf('"', quote + 1);
  } while (quote >= 0 && isEscaped(text, quote));
  return quote < 0 ? undefined : quote + 1;
}

/** True after an odd number of backslashes. */
function isEscaped(text: string, quote: number): boolean {
  let start = quote;
  while (text[start - 1] === "\\") start -= 1;
  return (quote - start) % 2 === 1;
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
