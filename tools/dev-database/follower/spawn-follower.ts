import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { FollowerCommand, FollowerReply } from "./follower-calls.ts";
import type { FollowerOptions, FollowerProcess } from "./follower-types.ts";

const SCRIPT = fileURLToPath(new URL("follower-process.ts", import.meta.url));

interface Running {
  readonly port: number;
  send(command: FollowerCommand): Promise<number | undefined>;
  kill(): Promise<void>;
}

/** Starts a follower in its own process, which ends with this one. @throws as `startFollower` */
export async function spawnFollower(options: FollowerOptions): Promise<FollowerProcess> {
  let { primaryUrl, delayMs } = options;
  let running = await run(options);
  const { port } = running;
  const send = async (command: FollowerCommand): Promise<number | undefined> => await running.send(command);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    async setDelay(milliseconds) {
      delayMs = milliseconds;
      await send({ type: "setDelay", delayMs });
    },
    async pause() {
      await send({ type: "pause" });
    },
    async resume() {
      await send({ type: "resume" });
    },
    async cutOff() {
      await send({ type: "cutOff" });
    },
    async reconnect(url) {
      primaryUrl = url ?? primaryUrl;
      await send({ type: "reconnect", primaryUrl });
    },
    setBack: async (commits, durationMs) => (await send({ type: "setBack", commits, durationMs })) ?? 0,
    async close() {
      await send({ type: "close" });
      await running.kill();
    },
    kill: async () => await running.kill(),
    async start(url) {
      primaryUrl = url ?? primaryUrl;
      running = await run({ ...options, primaryUrl, delayMs, port });
    },
  };
}

async function run(options: FollowerOptions): Promise<Running> {
  const child = spawn(process.execPath, [SCRIPT], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ended = once(child, "exit");
  const send = caller(child);
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  try {
    return { port: (await send({ type: "start", options })) ?? 0, send, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** Returns a function that sends commands to the process. It rejects if the command fails or the process ends. */
function caller(child: ChildProcess): Running["send"] {
  const waiting = new Map<number, (reply: FollowerReply) => void>();
  let lastId = 0;
  child.on("message", (reply: FollowerReply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  child.once("exit", () => {
    for (const [id, settle] of waiting) settle({ id, error: "Cannot reach the follower: its process has ended" });
    waiting.clear();
  });
  return async (command) => {
    if (!child.connected) throw new Error("Cannot reach the follower: its process has ended");
    lastId += 1;
    const reply = await new Promise<FollowerReply>((resolve) => {
      waiting.set(lastId, resolve);
      child.send({ id: lastId, command });
    });
    if ("error" in reply) throw new Error(reply.error);
    return reply.value;
  };
}
