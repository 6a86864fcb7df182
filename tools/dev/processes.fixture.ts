import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A process as `ps` has it. */
export interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes that run. Those that have ended and whose parent has not asked how do not. */
async function processes(): Promise<readonly ProcessLine[]> {
  const { stdout } = await promisify(execFile)("ps", ["-Aww", "-o", "pid=,ppid=,stat=,args="], { maxBuffer: 2 ** 26 });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, stat = "", command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || stat.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** The process, its children, theirs and so on. */
export async function familyOf(pid: number): Promise<readonly ProcessLine[]> {
  const all = await processes();
  const family = all.filter((each) => each.pid === pid);
  // Grows while it is walked.
  for (const member of family) family.push(...all.filter(({ parent }) => parent === member.pid));
  return family;
}

/** Which of them still run: the same number alone could be somebody else by now. */
export async function survivorsOf(family: readonly ProcessLine[]): Promise<readonly ProcessLine[]> {
  const all = await processes();
  return family.filter(({ pid, command }) => all.some((each) => each.pid === pid && each.command === command));
}
