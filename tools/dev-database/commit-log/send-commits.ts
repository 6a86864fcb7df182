import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { CommitLog } from "./commit-log.ts";
import { encodeCommit } from "./message.ts";
import type { Position } from "./page-change.ts";

/** Where a server with a commit log sends it: `?log=…&sequence=…` names the last commit that the follower has. */
export const COMMITS_PATH = "/commits";

export function isCommitsRequest({ method, url }: IncomingMessage): boolean {
  return method === "GET" && url?.split("?", 1)[0] === COMMITS_PATH;
}

/** Sends the commits after the position in `target`, and each later one, until the follower disconnects. */
export async function sendCommits(response: ServerResponse, log: CommitLog, target: string): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, { "content-type": "application/octet-stream" });
  let position = positionIn(target);
  while (!gone.signal.aborted && !log.isClosed) {
    const commit = log.next(position);
    if (commit === undefined) {
      await log.grown(gone.signal);
      continue;
    }
    position = commit;
    if (!response.write(encodeCommit(commit))) {
      await once(response, "drain", { signal: gone.signal }).catch(() => undefined);
    }
  }
  response.end();
}

function positionIn(target: string): Position | undefined {
  const { searchParams } = new URL(target, "http://localhost");
  const log = searchParams.get("log");
  return log === null ? undefined : { log, sequence: Number(searchParams.get("sequence")) };
}
