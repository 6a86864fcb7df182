import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** A process as `ps` reports it. */
export interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All running processes, without zombies. */
async function processes(): Promise<readonly ProcessLine[]> {
  const { stdout } = await promisify(execFile)("ps", ["-Aww", "-o", "pid=,ppid=,stat=,args="], { maxBuffer: 2 ** 26 });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, stat = "", command = ""] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || stat.startsWith("Z") ? [] : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** The process and all of its descendants. */
export async function familyOf(pid: number): Promise<readonly ProcessLine[]> {
  const all = await processes();
  const family = all.filter((each) => each.pid === pid);
  // The loop also visits the members that it adds.
  for (const member of family) family.push(...all.filter(({ parent }) => parent === member.pid));
  return family;
}

/** The members that still run. Compares command lines too, because process ids are reused. */
export async function survivorsOf(family: readonly ProcessLine[]): Promise<readonly ProcessLine[]> {
  const all = await processes();
  return family.filter(({ pid, command }) => all.some((each) => each.pid === pid && each.command === command));
}
