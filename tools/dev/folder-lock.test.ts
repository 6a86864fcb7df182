import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { CommandError } from "../command/command-error.ts";
import { devFolder, prepareDevFolder } from "./dev-folder.ts";
import { lockDevFolder } from "./folder-lock.ts";
import { temporaryFolder } from "./temporary-folder.fixture.ts";

/** Locks the folder in a process of its own, until that process is killed. */
const HOLD = `
  import { devFolder } from "./dev-folder.ts";
  import { lockDevFolder } from "./folder-lock.ts";
  try {
    await lockDevFolder(devFolder(process.argv[1]), [process.argv[2]]);
    console.log("locked");
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.message);
  }`;

function hold(dir: string, address: string): ChildProcess & { readonly stdout: NonNullable<ChildProcess["stdout"]> } {
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", HOLD, dir, address], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

const refusal = (dir: string, address: string): string =>
  `Cannot use "${dir}": another "npm run dev" or "npm run dev:database" uses it (${address}); stop it, or choose another folder with --dir`;

describe("lockDevFolder", () => {
  it("refuses a folder that another process uses, and names its address (Q19)", async () => {
    const dir = temporaryFolder();
    const holder = hold(dir, "database http://127.0.0.1:1");
    await once(holder.stdout, "data");
    const lock = async (path: string) => await lockDevFolder(devFolder(path), ["database http://127.0.0.1:2"]);
    await expect(lock(dir)).rejects.toThrow(refusal(dir, "database http://127.0.0.1:1"));
    await expect(lock(dir)).rejects.toBeInstanceOf(CommandError);
    const link = join(temporaryFolder(), "link");
    symlinkSync(dir, link);
    await expect(lock(link)).rejects.toThrow(refusal(link, "database http://127.0.0.1:1"));
  });

  it("is not blocked by a process that was killed (Q19)", async () => {
    const dir = temporaryFolder();
    for (const address of ["a", "b", "c"]) {
      const holder = hold(dir, address);
      const [line] = await once(holder.stdout, "data");
      expect(String(line)).toBe("locked\n");
      holder.kill("SIGKILL");
      await once(holder, "exit");
      expect(existsSync(devFolder(dir).lockHolder)).toBe(true);
    }
    const unlock = await lockDevFolder(devFolder(dir), []);
    await unlock();
  });

  it("admits one of the processes that start at the same moment (Q19)", async () => {
    const dir = temporaryFolder();
    const holders = ["a", "b", "c", "d"].map((address) => ({ address, child: hold(dir, address) }));
    const lines = await Promise.all(holders.map(async ({ child }) => String((await once(child.stdout, "data"))[0])));
    const winner = holders[lines.indexOf("locked\n")]?.address ?? "";
    expect(lines.filter((line) => line === "locked\n")).toHaveLength(1);
    const refused = lines.filter((line) => line !== "locked\n");
    expect(new Set(refused)).toEqual(new Set([`${refusal(dir, winner)}\n`]));
  });

  it("releases the folder, and keeps other processes out in between (Q19)", async () => {
    const dir = temporaryFolder();
    const folder = devFolder(dir);
    const unlock = await lockDevFolder(folder, ["a"]);
    await expect(lockDevFolder(folder, ["b"])).rejects.toThrow(refusal(dir, "a"));
    expect(await text(hold(dir, "c").stdout)).toBe(`${refusal(dir, "a")}\n`);
    await unlock();
    expect(existsSync(folder.lockHolder)).toBe(false);
    await (
      await lockDevFolder(folder, ["d"])
    )();
  });

  // The last one names a process that cannot exist: PIDs of Linux end at 4 194 304.
  it.each(["", "{", '{"pid":0}', '{"pid":4194305,"addresses":["stale"]}'])(
    "ignores a holder file with %j (Q19)",
    async (content) => {
      const folder = devFolder(temporaryFolder());
      const unlock = await lockDevFolder(folder, ["a"]);
      writeFileSync(folder.lockHolder, content);
      await expect(lockDevFolder(folder, [])).rejects.toThrow("(it has not written its addresses yet)");
      await unlock();
    },
  );

  it("leaves a folder that can be prepared again (Q19)", async () => {
    const folder = devFolder(temporaryFolder());
    await (
      await lockDevFolder(folder, [])
    )();
    expect(readdirSync(folder.dir)).toEqual(["lock"]);
    await expect(prepareDevFolder(folder)).resolves.toBeUndefined();
  });
});
