import { requireFreePorts } from "./ports.ts";

/**
 * The first of some consecutive ports that nobody uses. They lie below those that the system hands out by itself, so that
 * no other test gets one of them meanwhile.
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
