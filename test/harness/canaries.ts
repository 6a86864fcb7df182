/** Bytes that left the service through one sink. */
export interface Output {
  /** For example `audit line` or `body of 200 secret.get`. */
  readonly sink: string;
  /** The request or the file that caused it. Part of a finding. */
  readonly during: string;
  readonly bytes: Buffer;
}

/** Random secrets, and a search for them in outputs. */
export interface Canaries {
  /** Returns a new random text of letters and digits. It may appear in `allowedSinks` and nowhere else. */
  readonly text: (name: string, allowedSinks?: readonly string[]) => string;
  /** Adds a secret made elsewhere. Every part of at least 17 characters or bytes counts as the secret. */
  readonly watch: (name: string, secret: string | Uint8Array, allowedSinks?: readonly string[]) => void;
  /** Every canary in a sink that does not allow it: name, encoding, sink and request, without duplicates. */
  readonly findIn: (outputs: readonly Output[]) => readonly string[];
}

interface Needle {
  readonly bytes: Buffer;
  readonly canary: { readonly name: string; readonly allowedSinks: readonly string[] };
  readonly encoding: string;
}

/** A match of this length is no coincidence: 12 letters and digits have 71 bits. */
const WINDOW = 12;
const STEP = 6;
/** The search looks up needles by their first bytes. */
const PREFIX = 4;

const NO_NEEDLES: readonly Needle[] = [];

export function createCanaries(): Canaries {
  const byPrefix = new Map<number, Needle[]>();
  const add = (needle: Needle): void => {
    if (needle.bytes.length < 2 * PREFIX) throw new Error(`Cannot search for "${needle.canary.name}": it is too short`);
    const prefix = needle.bytes.readUInt32LE(0);
    byPrefix.set(prefix, [...(byPrefix.get(prefix) ?? []), needle]);
  };
  const watch: Canaries["watch"] = (name, secret, allowedSinks = []) => {
    const canary = { name, allowedSinks };
    const added = new Set<string>();
    for (const part of windowsOf(secret)) {
      for (const [encoding, bytes] of encodingsOf(part)) {
        const key = bytes.toString("latin1");
        if (!added.has(key)) add({ bytes, canary, encoding });
        added.add(key);
      }
    }
  };
  return {
    text(name, allowedSinks) {
      const text = randomText(24);
      watch(name, text, allowedSinks);
      return text;
    },
    watch,
    findIn(outputs) {
      const found = new Set<string>();
      for (const { sink, during, bytes } of outputs) {
        for (let start = 0; start + PREFIX <= bytes.length; start += 1) {
          for (const needle of byPrefix.get(bytes.readUInt32LE(start)) ?? NO_NEEDLES) {
            const { canary, encoding } = needle;
            const matches = needle.bytes.equals(bytes.subarray(start, start + needle.bytes.length));
            if (matches && !canary.allowedSinks.includes(sink)) {
              found.add(`${canary.name}, as ${encoding}, in ${sink} (${during})`);
            }
          }
        }
      }
      return [...found];
    },
  };
}

/** Random letters and digits: valid unescaped in JSON, URLs and headers. */
export function randomText(length: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join("");
}

/** Overlapping parts up to the end of the secret. Any 17 consecutive characters contain a whole one. */
function windowsOf(secret: string | Uint8Array): readonly (string | Uint8Array)[] {
  const units = typeof secret === "string" ? Array.from(secret) : Array.from(secret, (byte) => [byte]);
  const last = Math.max(0, units.length - WINDOW);
  const starts = Array.from({ length: Math.ceil(last / STEP) }, (_, n) => n * STEP);
  return [...starts, last].map((start) => {
    const part = units.slice(start, start + WINDOW);
    return typeof secret === "string" ? part.join("") : Uint8Array.from(part.flat() as number[]);
  });
}

/** The encodings that a program or a log may apply without intending to hide anything. */
export function encodingsOf(secret: string | Uint8Array): ReadonlyMap<string, Buffer> {
  const bytes = Buffer.from(secret as string);
  const [hex, base64] = [bytes.toString("hex"), [0, 1, 2].map((offset) => base64At(bytes, offset))];
  const forms = new Map<string, string | Buffer>([
    [typeof secret === "string" ? "UTF-8" : "bytes", bytes],
    ["hex", hex],
    ["HEX", hex.toUpperCase()],
    ...base64.map((text, offset) => [`base64 at ${offset}`, text] as const),
    ...base64.map((text, offset) => [`base64url at ${offset}`, toUrl(text)] as const),
    ...(typeof secret === "string" ? textForms(secret) : []),
  ]);
  return new Map([...forms].map(([name, form]) => [name, Buffer.from(form as string)]));
}

function textForms(text: string): readonly (readonly [string, string | Buffer])[] {
  const json = inJson(text);
  const percent = text.isWellFormed() ? encodeURIComponent(text) : text;
  return [
    ["UTF-16LE", Buffer.from(text, "utf16le")],
    ["JSON", json],
    ["JSON in JSON", inJson(json)],
    ["JSON in ASCII", json.replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${hex4(unit)}`)],
    ["percent-encoding", percent],
    ["percent-encoding in lower case", percent.replaceAll(/%../g, (escape) => escape.toLowerCase())],
  ];
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function hex4(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, "0");
}

/** The base64 characters that depend on `bytes` alone if `bytes` begins `offset` bytes after a multiple of three. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function toUrl(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}
