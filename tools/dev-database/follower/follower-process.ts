import type { FollowerCall, FollowerCommand, FollowerReply } from "./follower-calls.ts";
import type { Follower } from "./follower-types.ts";
import { startFollower } from "./start-follower.ts";

/** The process that spawn-follower.ts starts. It ends when its parent ends. */
let follower: Follower | undefined;

process.on("disconnect", () => process.exit());
process.on("message", (call: FollowerCall) => void answer(call));

async function answer({ id, command }: FollowerCall): Promise<void> {
  try {
    reply({ id, value: await run(command) });
  } catch (error) {
    reply({ id, error: error instanceof Error ? error.message : "unknown error" });
  }
}

async function run(command: FollowerCommand): Promise<number | undefined> {
  switch (command.type) {
    case "start":
      follower = await startFollower(command.options);
      return follower.port;
    case "setDelay":
      await follower?.setDelay(command.delayMs);
      return undefined;
    case "reconnect":
      await follower?.reconnect(command.primaryUrl);
      return undefined;
    case "setBack":
      return await follower?.setBack(command.commits, command.durationMs);
    default:
      await follower?.[command.type]();
      return undefined;
  }
}

function reply(message: FollowerReply): void {
  process.send?.(message);
}
