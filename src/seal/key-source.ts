import { deriveKeyRing, type KeyRing } from "./key-ring.ts";
import { parseRootKeys, type RootKey } from "./root-key.ts";

/** The keys for one request. */
export type Keys =
  | {
      readonly ok: true;
      readonly ring: KeyRing;
      /** Returns copies of the root keys, newest first. The caller overwrites them after use. */
      readonly roots: () => readonly [RootKey, ...RootKey[]];
    }
  /** `problem` contains no key material. */
  | { readonly ok: false; readonly problem: string };

/** Where keys come from. Read once per request. */
export interface KeySource {
  read(): Keys | Promise<Keys>;
}

/** Keys from the text of `SPIKE_ROOT_KEYS`, derived once. */
export async function fixedKeys(text: string): Promise<KeySource> {
  const keys = await parseKeys(text);
  return { read: () => keys };
}

/**
 * Keys from elsewhere, such as a Secrets Store binding. They are read and derived for every request, so that nothing is kept
 * between requests and a new key needs no deployment.
 */
export function fetchedKeys(get: () => Promise<string>): KeySource {
  return {
    async read() {
      let text: string;
      try {
        text = await get();
      } catch {
        // The error's message may quote the keys.
        return { ok: false, problem: "could not be read" };
      }
      return await parseKeys(text);
    },
  };
}

async function parseKeys(text: string): Promise<Keys> {
  const parsed = parseRootKeys(text);
  if (!parsed.ok) return parsed;
  return { ok: true, ring: await deriveKeyRing(parsed.keys), roots: () => parseRoots(text) };
}

function parseRoots(text: string): readonly [RootKey, ...RootKey[]] {
  const parsed = parseRootKeys(text);
  if (!parsed.ok) throw new TypeError("Cannot parse root keys that were parsed before");
  return parsed.keys;
}
