import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The duration of the one slow operation of each kind. */
export const STALL_MS = 3000;

/**
 * Writes a variant of a built worker whose concurrent requests interleave as much as possible. Returns its folder.
 *
 * The variant waits a random short time before one in four cryptographic operations. A request has twenty or more of them. If the
 * service shared state between requests, other requests would overwrite it in the meantime.
 *
 * One operation of each kind takes three seconds and prints a line. If a request waited for the work of another one, it would be
 * late too.
 *
 * The rest of the worker is unchanged, byte for byte.
 */
export function createInterleavingWorker(folder: string): string {
  const target = join(folder, "interleaving");
  mkdirSync(target);
  const worker = readFileSync(join(folder, "workerd.js"), "utf8");
  writeFileSync(join(target, "workerd.js"), `${PATCH}${worker}`);
  return target;
}

/** Runs before all code of ours in the worker. `scheduler.wait` throws while the worker starts; the error is ignored. */
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
