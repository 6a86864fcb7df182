import type { RecoveryDeps } from "./deps.ts";

/** Calls `use` with the root key of that id, which the ring has, and overwrites all copies of root keys afterwards. */
export async function withRootKey<T>(
  { rootKeys }: Pick<RecoveryDeps, "rootKeys">,
  keyId: string,
  use: (root: Uint8Array<ArrayBuffer>) => Promise<T>,
): Promise<T> {
  const roots = rootKeys();
  try {
    const root = roots.find(({ id }) => id === keyId);
    if (root === undefined) throw new TypeError("Cannot find the root key of a ring key");
    return await use(root.bytes);
  } finally {
    for (const { bytes } of roots) bytes.fill(0);
  }
}
