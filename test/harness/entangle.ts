import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What one operation of each kind takes in such a worker, in milliseconds. */
export const STALL_MS = 3000;

/**
 * Makes of a built worker one whose requests meet each other wherever they can, in a folder of its own below: before one in four
 * cryptographic operations, of which a request needs twenty or more, each gives way to all others for as long as chance will
 * have it. So a request that holds something outside of itself from one of them to the next meets others that do the same.
 *
 * One operation of each kind takes three seconds, and a line of the log says so: who waits for another's work is late as well.
 *
 * The worker is the same to the byte but for that.
 */
export function entangle(folder: string): string {
  const entangled = join(folder, "entangled");
  mkdirSync(entangled);
  const worker = readFileSync(join(folder, "workerd.js"), "utf8");
  writeFileSync(join(entangled, "workerd.js"), `${GIVE_WAY}${worker}`);
  return entangled;
}

/** Runs before all else in the worker: its imports have nothing of ours in them. While a worker starts it has no timers. */
const GIVE_WAY = `
const calls = new Map();
for (const name of ["sign", "verify", "encrypt", "decrypt", "digest"]) {
  const own = SubtleCrypto.prototype[name];
  SubtleCrypto.prototype[name] = async function (...parts) {
    const kind = name + " " + (parts[0].name ?? parts[0]);
    const count = (calls.get(kind) ?? 0) + 1;
    calls.set(kind, count);
    try {
      if (count === 300) {
        console.log("stalled: " + kind);
        await scheduler.wait(${STALL_MS});
      } else if (Math.random() < 0.25) await scheduler.wait(Math.floor(Math.random() * 3));
    } catch {}
    return await own.apply(this, parts);
  };
}
`;
