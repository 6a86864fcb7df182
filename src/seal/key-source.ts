import { deriveKeyRing, type KeyRing } from "./key-ring.ts";
import { parseRootKeys, type RootKey } from "./root-key.ts";

/** What there is of keys for one request. */
export type Keys =
  | {
      readonly ok: true;
      readonly ring: KeyRing;
      /** Fresh copies of the root keys themselves, first is first; whoever asks for them wipes them. */
      readonly roots: () => readonly [RootKey, ...RootKey[]];
    }
  /** `problem` quotes no key. */
  | { readonly ok: false; readonly problem: string };

/** Where keys come from. Asked once a request. */
export interface KeySource {
  read(): Promise<Keys>;
}

/** Keys that never change: derived once, from a text like `SPIKE_ROOT_KEYS`. */
export async function fixedKeys(text: string): Promise<KeySource> {
  const keys = await keysIn(text);
  return { read: async () => await Promise.resolve(keys) };
}

/**
 * Keys that are kept elsewhere, such as in a store of secrets that hands them out by a request: read and derived anew each
 * time, so that nothing of an answer is kept and a new key needs no deployment.
 */
export function fetchedKeys(get: () => Promise<string>): KeySource {
  return {
    async read() {
      let text: string;
      try {
        text = await get();
      } catch {
        // What it says may quote what it holds.
        return { ok: false, problem: "could not be read" };
      }
      return await keysIn(text);
    },
  };
}

async function keysIn(text: string): Promise<Keys> {
  const parsed = parseRootKeys(text);
  if (!parsed.ok) return parsed;
  return { ok: true, ring: await deriveKeyRing(parsed.keys), roots: () => rootsIn(text) };
}

function rootsIn(text: string): readonly [RootKey, ...RootKey[]] {
  const parsed = parseRootKeys(text);
  if (!parsed.ok) throw new TypeError("a ring was derived of root keys that are none");
  return parsed.keys;
}
