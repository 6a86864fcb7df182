import { setTimeout as sleep } from "node:timers/promises";
import type { Commit, Position } from "../commit-log/page-change.ts";
import { Pool } from "../pool.ts";
import { serve } from "../serve.ts";
import { CommitQueue } from "./commit-queue.ts";
import type { Follower, FollowerOptions } from "./follower-types.ts";
import { Primary } from "./primary.ts";
import { RemoteStream } from "./remote-stream.ts";
import { ReplicaFile } from "./replica-file.ts";

const RETRY_MS = 20;
// Connections of a follower need no setup. They never write: programs with writes run at the primary.
const SETUP = "";

/**
 * Starts a follower in this process, with a copy of the primary's database. Do not open its file elsewhere.
 *
 * @throws if the primary does not answer, or does not allow followers
 */
export async function startFollower(options: FollowerOptions): Promise<Follower> {
  const { primaryUrl, file, delayMs = 0, authToken } = options;
  const primary = new Primary(primaryUrl, authToken);
  const copy = await firstCopy(primary, primaryUrl);
  const replica = new ReplicaFile(file, copy.change);
  const queue = new CommitQueue(replica, delayMs);
  const openRemote = (): RemoteStream => new RemoteStream(primary);
  const server = await serve(new Pool(file, SETUP), { ...options, openRemote }).catch((error: unknown) => {
    replica.close();
    throw error;
  });
  const following = follow(primary, queue, copy);

  async function close(): Promise<void> {
    const closed = server.close();
    primary.close();
    queue.close();
    await Promise.all([closed, following]);
    replica.close();
  }
  let closing: Promise<void> | undefined;
  return {
    url: server.url,
    port: server.port,
    setDelay: async (milliseconds) => queue.setDelay(milliseconds),
    pause: async () => queue.pause(),
    resume: async () => queue.resume(),
    cutOff: async () => primary.cutOff(),
    reconnect: async (url) => primary.reconnect(url),
    setBack: async (commits, durationMs) => queue.setBack(commits, durationMs),
    close: () => (closing ??= close()),
  };
}

async function firstCopy(primary: Primary, url: string): Promise<Commit> {
  try {
    for await (const commit of primary.commits(undefined)) return commit;
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown error";
    throw new Error(`Cannot follow the database at "${url}": ${reason}`, { cause: error });
  }
  throw new Error(`Cannot follow the database at "${url}": it has sent no copy`);
}

/** Adds the primary's commits to the queue until `primary` is closed. Continues after a lost connection. */
async function follow(primary: Primary, queue: CommitQueue, start: Position): Promise<void> {
  let position = start;
  while (!primary.isClosed) {
    try {
      for await (const commit of primary.commits(position)) {
        queue.add(commit);
        position = commit;
      }
    } catch {
      // The connection is cut, or the primary is not running.
    }
    await sleep(RETRY_MS);
  }
}
