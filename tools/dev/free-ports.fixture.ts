import { requireFreePorts } from "./ports.ts";

/**
 * The first of `count` consecutive free ports. They are below the ephemeral port range, so the system does not assign one of
 * them to another test in the meantime.
 */
export async function firstFreePort(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    if (await areFree(Array.from({ length: count }, (_, index) => first + index))) return first;
  }
}

export async function areFree(ports: readonly number[]): Promise<boolean> {
  return await requireFreePorts(ports, "worker").then(
    () => true,
    () => false,
  );
}
