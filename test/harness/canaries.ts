/** Bytes that went somewhere, and where: `audit line`, `body of 200 secret.get`. */
export interface Sighting {
  readonly place: string;
  /** The request or the file, for whoever looks into a finding. */
  readonly during: string;
  readonly bytes: Buffer;
}

/** Secrets that are told from anything else, and a search for them. */
export interface Canaries {
  /** A fresh text of letters and digits that nobody makes by chance. It may turn up in `places`, and nowhere else. */
  readonly text: (name: string, places?: readonly string[]) => string;
  /** Looks for a secret that is made elsewhere, all of it or any part of 17 characters or bytes and more. */
  readonly watch: (name: string, secret: string | Uint8Array, places?: readonly string[]) => void;
  /** What has turned up where it may not: canary, encoding and place, each once. */
  readonly findIn: (sightings: readonly Sighting[]) => readonly string[];
}

interface Needle {
  readonly bytes: Buffer;
  readonly canary: { readonly name: string; readonly places: readonly string[] };
  readonly encoding: string;
}

/** A part this long is no chance: 12 letters and digits have 71 bits. */
const WINDOW = 12;
const STEP = 6;
/** Needles are found by their first bytes. */
const HEAD = 4;

export function canaries(): Canaries {
  const byHead = new Map<number, Needle[]>();
  const add = (needle: Needle): void => {
    if (needle.bytes.length < 2 * HEAD) throw new Error(`${needle.canary.name} is too short to be looked for`);
    const head = needle.bytes.readUInt32LE(0);
    byHead.set(head, [...(byHead.get(head) ?? []), needle]);
  };
  const watch: Canaries["watch"] = (name, secret, places = []) => {
    const canary = { name, places };
    const seen = new Set<string>();
    for (const part of windowsOf(secret)) {
      for (const [encoding, bytes] of encodingsOf(part)) {
        const key = bytes.toString("latin1");
        if (!seen.has(key)) add({ bytes, canary, encoding });
        seen.add(key);
      }
    }
  };
  return {
    text(name, places) {
      const text = randomText(24);
      watch(name, text, places);
      return text;
    },
    watch,
    findIn(sightings) {
      const found = new Set<string>();
      for (const { place, during, bytes } of sightings) {
        for (let at = 0; at + HEAD <= bytes.length; at += 1) {
          for (const { bytes: wanted, canary, encoding } of byHead.get(bytes.readUInt32LE(at)) ?? NONE) {
            const isThere = wanted.equals(bytes.subarray(at, at + wanted.length));
            if (isThere && !canary.places.includes(place)) {
              found.add(`${canary.name}, as ${encoding}, in ${place} (${during})`);
            }
          }
        }
      }
      return [...found];
    },
  };
}

const NONE: readonly Needle[] = [];

/** Letters and digits, so that all texts of JSON, URLs and headers can hold it. */
export function randomText(length: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const bytes = crypto.getRandomValues(new Uint8Array(length));
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join("");
}

/** Overlapping parts, the last one at the very end: whoever leaks 17 characters leaks one of them. */
function windowsOf(secret: string | Uint8Array): readonly (string | Uint8Array)[] {
  const units = typeof secret === "string" ? Array.from(secret) : Array.from(secret, (byte) => [byte]);
  const starts = Array.from({ length: Math.ceil(Math.max(0, units.length - WINDOW) / STEP) }, (_, n) => n * STEP);
  return [...starts, Math.max(0, units.length - WINDOW)].map((start) => {
    const part = units.slice(start, start + WINDOW);
    return typeof secret === "string" ? part.join("") : Uint8Array.from(part.flat() as number[]);
  });
}

/** All that a program or a log makes of a text or of bytes without meaning to hide it. */
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

/** The characters that bytes alone determine if they stand `offset` bytes behind a multiple of three. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
  return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
}

function toUrl(base64: string): string {
  return base64.replaceAll("+", "-").replaceAll("/", "_");
}
