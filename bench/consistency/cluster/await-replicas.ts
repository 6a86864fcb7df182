import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@libsql/client";
import { CommandError } from "../../../tools/command/command-error.ts";

const TIMEOUT_MS = 30_000;
const POLL_MS = 100;

/** Waits until each replica has the tables of the primary. @throws CommandError after 30 s, by the number of the replica */
export async function awaitReplicas(primaryUrl: string, replicaUrls: readonly string[]): Promise<void> {
  const expected = await schemaOf(primaryUrl);
  const timeoutAt = performance.now() + TIMEOUT_MS;
  for (const [index, url] of replicaUrls.entries()) {
    while ((await schemaOf(url).catch(() => undefined)) !== expected) {
      if (performance.now() > timeoutAt) {
        throw new CommandError(
          `Cannot use replica ${index + 1}: it does not have the tables of the primary after ${TIMEOUT_MS / 1000} s`,
          { exitCode: 2 },
        );
      }
      await pause(POLL_MS);
    }
  }
}

async function schemaOf(url: string): Promise<string> {
  const client = createClient({ url });
  try {
    const { rows } = await client.execute("SELECT name, sql FROM sqlite_master ORDER BY name");
    return JSON.stringify(rows);
  } finally {
    client.close();
  }
}
