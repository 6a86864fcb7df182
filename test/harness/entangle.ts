import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The duration of one operation of each kind in an entangled worker. */
export const STALL_MS = 3000;

/**
 * Writes a variant of a built worker whose concurrent requests interleave as much as possible. Returns its folder.
 *
 * The variant waits a random short time before one in four cryptographic operations, and a request needs twenty or more of them.
 * If a request keeps state outside of itself between two operations, another request overwrites that state.
 *
 * One operation of each kind takes three seconds, and the log contains a line about it. A request that waits for the work of
 * another one is then late too.
 *
 * The rest of the worker is unchanged, byte for byte.
 */
export function entangle(folder: string): string {
  const entangled = join(folder, "entangled");
  mkdirSync(entangled);
  const worker = readFileSync(join(folder, "workerd.js"), "utf8");
  writeFileSync(join(entangled, "workerd.js"), `${PATCH}${worker}`);
  return entangled;
}

/**
 * Runs before the rest of the worker. Imports run even earlier, but contain none of our code. `scheduler.wait` throws while a
 * worker starts, which is ignored.
 */
const PATCH = `
const calls = new Map();
for (const name of ["sign", "verify", "encrypt", "decrypt", "digest"]) {
  const original = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = async function (...args) {
    const kind = name + " " + (args[0].name ?? args[0]);
    const count = (calls.get(kind) ?? 0) + 1;
    calls.set(kind, count);
    try {
      if (count === 300) {
        console.log("stalled: " + kind);
        await scheduler.wait(${STALL_MS});
      } else if (Math.random() < 0.25) await scheduler.wait(Math.floor(Math.random() * 3));
    } catch {}
    return await original.apply(this, args);
  };
}
`;
